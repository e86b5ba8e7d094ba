"""Purchases, what else was paid for one, and the customers that stand for our users at Stripe."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class PurchaseStatus(StrEnum):
    """Where a purchase is."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    DISPUTED = "disputed"
    REVIEW = "review"
    """Paid in another amount or currency than was asked for: an operator decides."""


class PurchaseMethod(StrEnum):
    """How a purchase is paid."""

    CHECKOUT = "checkout"
    """On Stripe's hosted page."""
    CUSTOM = "custom"
    """On our page, in Stripe's Payment Element."""
    ONE_CLICK = "one_click"
    """With a saved card."""
    WALLET = "wallet"
    AUTO_TOPUP = "auto_topup"
    """With a saved card, by itself, as its owner has asked for."""


BOOKED: Final = frozenset(
    {PurchaseStatus.PAID, PurchaseStatus.REFUNDED, PurchaseStatus.PARTLY_REFUNDED, PurchaseStatus.DISPUTED}
)
"""What a purchase can be once its credits were issued: its posting stands in the ledger."""


class StripeCustomer(Base):
    """Who a user is at Stripe; without an id while the customer is being made."""

    __tablename__ = "stripe_customers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True)
    call_id: Mapped[int | None]
    created_at: Mapped[datetime]

    def __repr__(self) -> str:
        """Return whose customer it is."""
        return f"<StripeCustomer {self.stripe_customer_id} of user {self.user_id}>"


class Purchase(Base):
    """Credits that somebody wants to buy or has bought, at the price of the moment when it was started.

    One purchase is one charge at Stripe (`payment_id`) and, once paid, one transaction of the ledger
    (kind `purchase`, its ref) that filled one lot (`lot_ref`). `call_id` is the open call on the way to its payment.
    `intent_status` is what Stripe said last of an intent that is not paid yet, and `failure` why the last try was not.
    `refunded_minor` and `disputed_minor` are what of the price is given or taken back in force, `revoked_credits` the
    credits that went with it.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        UniqueConstraint("user_id", "form_ref"),
        Index("purchases_user_idx", "user_id", "id"),
        Index("purchases_checkout_session_idx", "checkout_session_id"),
        Index("purchases_pending_idx", "next_check_at", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    form_ref: Mapped[str | None]
    method: Mapped[str]
    pack: Mapped[int | None] = mapped_column(Integer)
    credits: Mapped[int]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    unit_price_minor: Mapped[int]
    tiers: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    failure: Mapped[str | None]
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    saves_card: Mapped[bool] = mapped_column(server_default=text("false"))
    call_id: Mapped[int | None]
    checkout_session_id: Mapped[str | None]
    checkout_url: Mapped[str | None]
    payment_intent_id: Mapped[str | None] = mapped_column(unique=True)
    intent_status: Mapped[str | None]
    payment_id: Mapped[str | None] = mapped_column(unique=True)
    payer_id: Mapped[str | None]
    receipt_url: Mapped[str | None]
    card_brand: Mapped[str | None]
    card_last4: Mapped[str | None]
    lot_ref: Mapped[str | None] = mapped_column(ForeignKey("accounts.lot_ref"), unique=True)
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    disputed_minor: Mapped[int] = mapped_column(server_default=text("0"))
    revoked_credits: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime]

    def __repr__(self) -> str:
        """Return which purchase it is, of how many credits, and where it is."""
        return f"<Purchase {self.ref} {self.credits} credits {self.status}>"


class ExtraPayment(Base):
    """A charge that succeeded for a purchase which another had paid: its money stands in `unmatched`."""

    __tablename__ = "extra_payments"

    payment_id: Mapped[str] = mapped_column(primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchases.id"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[datetime]
