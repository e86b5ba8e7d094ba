"""Top-ups of the wallet, and what is taken back of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class TopupStatus(StrEnum):
    """Where a top-up is."""

    PENDING = "pending"
    PAID = "paid"
    """Its money stands in the wallet's pending account until it can be used."""
    AVAILABLE = "available"
    FAILED = "failed"
    EXPIRED = "expired"
    REVIEW = "review"
    """Paid in another amount or currency than was asked for: an operator decides."""


class TopupMethod(StrEnum):
    """How a top-up is paid."""

    CHECKOUT = "checkout"
    """On Stripe's hosted page."""
    CARD = "card"
    """With a saved card; when its bank wants to hear from its owner, on Stripe's hosted page after all."""


BOOKED: Final = frozenset({TopupStatus.PAID, TopupStatus.AVAILABLE})
"""Top-ups whose money stands in the wallet."""


class Topup(Base):
    """Money that somebody puts into the wallet: one charge at Stripe (`payment_id`), amounts in cents.

    `pending_minor` of it stands in `wallet:pending`; it goes over to the wallet when Stripe's `funds_on` and the hold
    are over. `refunded_minor` and `disputed_minor` are what of it is taken back in force: the wallet bears that up to
    `amount_minor`, the rest stands in `disputes:held`, and of it `excess_lost_minor` in `disputes:lost`.
    """

    __tablename__ = "topups"
    __table_args__ = (
        UniqueConstraint("user_id", "form_ref"),
        Index("topups_user_idx", "user_id", "id"),
        Index("topups_checkout_session_idx", "checkout_session_id"),
        Index("topups_open_idx", "next_check_at", postgresql_where=text("status IN ('pending', 'paid')")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    form_ref: Mapped[str | None]
    method: Mapped[str]
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    amount_minor: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    failure: Mapped[str | None]
    call_id: Mapped[int | None]
    checkout_session_id: Mapped[str | None]
    checkout_url: Mapped[str | None]
    payment_intent_id: Mapped[str | None] = mapped_column(unique=True)
    payment_id: Mapped[str | None] = mapped_column(unique=True)
    receipt_url: Mapped[str | None]
    card_brand: Mapped[str | None]
    card_last4: Mapped[str | None]
    pending_minor: Mapped[int] = mapped_column(server_default=text("0"))
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    disputed_minor: Mapped[int] = mapped_column(server_default=text("0"))
    excess_lost_minor: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    funds_on: Mapped[datetime | None]
    available_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime]

    @property
    def taken_minor(self) -> int:
        """What of it the wallet's owner does not have any more."""
        return min(self.amount_minor, self.refunded_minor + self.disputed_minor)

    @property
    def excess_minor(self) -> int:
        """What a refund and a dispute took together beyond what was paid."""
        return max(0, self.refunded_minor + self.disputed_minor - self.amount_minor)

    def __repr__(self) -> str:
        """Return which top-up it is, of how much, and where it is."""
        return f"<Topup {self.ref} {self.amount_minor} {self.currency} {self.status}>"


class ReversalKind(StrEnum):
    """Why money of a top-up is taken back."""

    REFUND = "refund"
    DISPUTE = "dispute"


class ReversalStatus(StrEnum):
    """Where a reversal is. `inquiry`: a bank only asks, or only asked."""

    INQUIRY = "inquiry"
    OPEN = "open"
    """Not decided: its money may be taken already."""
    DONE = "done"
    """The refund succeeded, or the dispute is lost."""
    UNDONE = "undone"
    """The refund failed, or the dispute is won: all of the money came back."""


class TopupReversal(Base):
    """A refund or dispute of a top-up: `taken_minor` left Stripe's balance for it, `given_back_minor` came back.

    Both only grow. What of it was the wallet's stands in the postings that its id names.
    """

    __tablename__ = "topup_reversals"
    __table_args__ = (Index("topup_reversals_topup_idx", "topup_id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    stripe_id: Mapped[str] = mapped_column(unique=True)
    topup_id: Mapped[int] = mapped_column(ForeignKey("topups.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    status: Mapped[str]
    amount_minor: Mapped[int]
    taken_minor: Mapped[int] = mapped_column(server_default=text("0"))
    given_back_minor: Mapped[int] = mapped_column(server_default=text("0"))
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        """Return what it is, of how much, and where it is."""
        return f"<TopupReversal {self.stripe_id} {self.amount_minor} {self.status}>"


class TopupExtraPayment(Base):
    """A charge that succeeded for a top-up which another had paid: its money stands in `unmatched`."""

    __tablename__ = "topup_extra_payments"

    payment_id: Mapped[str] = mapped_column(primary_key=True)
    topup_id: Mapped[int] = mapped_column(ForeignKey("topups.id"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[datetime]
