"""Withdrawals, and what came back of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class WithdrawalStatus(StrEnum):
    """Where a withdrawal is."""

    HELD = "held"
    """Set aside; nothing has gone to Stripe, or Stripe has not the funds yet."""
    SENT = "sent"
    """Asked of Stripe; the outcome is not known yet."""
    PAID = "paid"
    FAILED = "failed"
    REVERSED = "reversed"
    """All of it came back."""
    CANCELED = "canceled"


OPEN: Final = frozenset({WithdrawalStatus.HELD, WithdrawalStatus.SENT})


class Withdrawal(Base):
    """Money on its way out of the wallet: one transfer at Stripe (`transfer_id`), amounts in cents.

    `amount_minor` leaves the wallet, `fee_minor` of it is ours, the rest goes to `stripe_account_id`, frozen here.
    `reason` says why it failed, was cancelled, or was ended by hand.
    """

    __tablename__ = "withdrawals"
    __table_args__ = (
        UniqueConstraint("user_id", "form_ref"),
        Index("withdrawals_user_idx", "user_id", "id"),
        Index("withdrawals_open_idx", "id", postgresql_where=text("status IN ('held', 'sent')")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    form_ref: Mapped[str | None]
    payout_account_id: Mapped[int] = mapped_column(ForeignKey("payout_accounts.id"))
    stripe_account_id: Mapped[str]
    amount_minor: Mapped[int]
    fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'held'"))
    reason: Mapped[str | None]
    call_id: Mapped[int | None]
    transfer_id: Mapped[str | None] = mapped_column(unique=True)
    reversed_minor: Mapped[int] = mapped_column(server_default=text("0"))
    actor: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def net_minor(self) -> int:
        """What arrives: the amount without the fee."""
        return self.amount_minor - self.fee_minor

    def __repr__(self) -> str:
        """Return which withdrawal it is, of how much, and where it is."""
        return f"<Withdrawal {self.ref} {self.amount_minor} {self.currency} {self.status}>"


class WithdrawalReversal(Base):
    """A part of a transfer that came back, or all of it."""

    __tablename__ = "withdrawal_reversals"
    __table_args__ = (Index("withdrawal_reversals_withdrawal_idx", "withdrawal_id"),)

    stripe_reversal_id: Mapped[str] = mapped_column(primary_key=True)
    withdrawal_id: Mapped[int] = mapped_column(ForeignKey("withdrawals.id"))
    amount_minor: Mapped[int]
    created_at: Mapped[datetime]
