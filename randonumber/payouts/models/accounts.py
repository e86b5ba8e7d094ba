"""Connected accounts: where a user's money can go."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base

_CONNECTED = text("disconnected_at IS NULL")


class AccountType(StrEnum):
    """How an account at Stripe came to be connected to ours (https://docs.stripe.com/connect/accounts)."""

    STANDARD = "standard"
    EXPRESS = "express"
    CUSTOM = "custom"


class PayoutAccount(Base):
    """An account at Stripe that a user has connected; without an id while it is being made.

    `changed_at` is when it took the place of another one. What Stripe says of it is as old as `checked_at`. Since
    `disconnect_asked_at` Stripe is asked to end the connection, and nothing more is sent to it.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (
        Index("payout_accounts_user_idx", "user_id", unique=True, postgresql_where=_CONNECTED),
        Index("payout_accounts_stripe_idx", "stripe_account_id", unique=True, postgresql_where=_CONNECTED),
        Index("payout_accounts_history_idx", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    type: Mapped[str]
    stripe_account_id: Mapped[str | None]
    call_id: Mapped[int | None]
    country: Mapped[str | None]
    transfers_active: Mapped[bool] = mapped_column(server_default=text("false"))
    payouts_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    details_submitted: Mapped[bool] = mapped_column(server_default=text("false"))
    requirements: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    disabled_reason: Mapped[str | None]
    livemode: Mapped[bool]
    created_at: Mapped[datetime]
    connected_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    disconnect_asked_at: Mapped[datetime | None]
    disconnected_at: Mapped[datetime | None]
    disconnect_reason: Mapped[str | None]

    def __repr__(self) -> str:
        """Return which account it is, and whose."""
        return f"<PayoutAccount {self.stripe_account_id} {self.type} of user {self.user_id}>"


class OAuthState(Base):
    """A way to Stripe's consent page: good once, for ten minutes, in the session of the user who began it.

    Only hashes are kept: of the state, and of the id of the session.
    """

    __tablename__ = "oauth_states"

    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    session_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ConnectedPayout(Base):
    """Money on its way from a connected account to its owner's bank, as Stripe shows it."""

    __tablename__ = "connected_payouts"
    __table_args__ = (Index("connected_payouts_user_idx", "user_id", "created_at"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    stripe_payout_id: Mapped[str] = mapped_column(unique=True)
    payout_account_id: Mapped[int] = mapped_column(ForeignKey("payout_accounts.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    amount_minor: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    arrival_on: Mapped[datetime]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]

    def __repr__(self) -> str:
        """Return which payout it is, of how much, and where it is."""
        return f"<ConnectedPayout {self.stripe_payout_id} {self.amount_minor} {self.currency} {self.status}>"
