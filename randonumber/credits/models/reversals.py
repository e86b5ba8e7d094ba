"""What happens to a payment later: refunds and disputes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class RefundOrigin(StrEnum):
    """Who asked for a refund."""

    BUYER = "buyer"
    OPERATOR = "operator"
    STRIPE = "stripe"
    """It was made in Stripe's dashboard, or by Stripe itself."""


class RefundStatus(StrEnum):
    """Where a refund is. `held`: set aside here, Stripe has not answered. `pending`: Stripe works on it."""

    HELD = "held"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It came back: the buyer has the credits again, and not the money."""
    REFUSED = "refused"
    """Stripe would not make it: nothing happened."""


class Refund(Base):
    """Money of a purchase that goes back to the buyer, with the `credits` that went with it.

    Its name in the ledger is `ref` while it is held before it goes out (`refund_hold` …), `stripe_refund_id` for what
    went out before it was known here. `is_booked`: its money has gone, out of `stripe:balance` or into the wallet.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("user_id", "form_ref"),
        Index("refunds_purchase_idx", "purchase_id"),
        Index("refunds_user_idx", "user_id", "created_at", postgresql_where=text("origin = 'buyer'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchases.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    origin: Mapped[str]
    form_ref: Mapped[str | None]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    credits: Mapped[int]
    status: Mapped[str]
    is_booked: Mapped[bool] = mapped_column(server_default=text("false"))
    reason: Mapped[str | None]
    actor: Mapped[str]
    failure: Mapped[str | None]
    call_id: Mapped[int | None]
    stripe_refund_id: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        """Return which refund it is, of how much, and where it is."""
        return f"<Refund {self.ref} {self.amount_minor} {self.currency} {self.status}>"


class DisputeStatus(StrEnum):
    """Where a dispute is. `inquiry`: the bank only asks, or only asked; no money was taken."""

    INQUIRY = "inquiry"
    OPEN = "open"
    WON = "won"
    """All of the money came back."""
    LOST = "lost"
    """It is decided, and some of the money stays with the bank."""
    UNCLAIMED = "unclaimed"
    """It is of a payment that gave no credits: none are taken, its money stands in `unmatched`, operators know."""


class Dispute(Base):
    """A payment that its buyer's bank takes back. `withdrawn_minor` and `reinstated_minor` are what Stripe moved.

    `lost_minor` is what of it stands in `disputes:lost`; what is neither there nor back is in `disputes:held`.
    `credits` is what is taken for it.
    """

    __tablename__ = "disputes"
    __table_args__ = (Index("disputes_purchase_idx", "purchase_id"), Index("disputes_user_idx", "user_id"))

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    stripe_dispute_id: Mapped[str] = mapped_column(unique=True)
    payment_id: Mapped[str]
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchases.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    amount_minor: Mapped[int]
    currency: Mapped[str]
    credits: Mapped[int] = mapped_column(server_default=text("0"))
    reason: Mapped[str | None]
    status: Mapped[str]
    withdrawn_minor: Mapped[int] = mapped_column(server_default=text("0"))
    reinstated_minor: Mapped[int] = mapped_column(server_default=text("0"))
    lost_minor: Mapped[int] = mapped_column(server_default=text("0"))
    evidence_due_by: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        """Return which dispute it is, of how much, and where it is."""
        return f"<Dispute {self.stripe_dispute_id} {self.amount_minor} {self.currency} {self.status}>"
