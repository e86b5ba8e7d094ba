"""Rows of the mirror, to read: only the mirror's own code writes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class StripeContact(Base):
    """The first contact with a Stripe account. `opening`: US cents that it held from before `ours_from`.

    `opening_reserved` is what Stripe had set aside then for connected accounts below zero.
    """

    __tablename__ = "stripe_contacts"

    account_id: Mapped[str] = mapped_column(primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    ours_from: Mapped[datetime]
    opening: Mapped[int]
    opening_reserved: Mapped[int] = mapped_column(server_default=text("0"))
    transaction_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    def __repr__(self) -> str:
        """Return the account and what it held."""
        return f"<StripeContact {self.account_id} {self.opening}>"


class MirrorRow(Base):
    """A balance transaction (`txn_…`) as Stripe gave it, in US cents, and the postings that booked it."""

    __tablename__ = "balance_transactions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "livemode"],
            ["stripe_contacts.account_id", "stripe_contacts.livemode"],
            name="balance_transactions_contact_fkey",
        ),
        Index("balance_transactions_created_at_idx", "account_id", "livemode", "created_at"),
        Index("balance_transactions_open_idx", "unmatched_id", postgresql_where=text("resolution_id IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    livemode: Mapped[bool]
    type: Mapped[str]
    reporting_category: Mapped[str]
    source_id: Mapped[str | None]
    currency: Mapped[str]
    amount: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    created_at: Mapped[datetime]
    available_on: Mapped[datetime]
    mirrored_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    claimed_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id"), unique=True)
    unmatched_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id"), unique=True)
    resolution_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id"), unique=True)
    fee_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id"), unique=True)

    def __repr__(self) -> str:
        """Return what Stripe booked for what."""
        return f"<MirrorRow {self.id} {self.type} {self.net} for {self.source_id}>"
