"""Rows of the ledger, to read: only `ledger.post` and the accounts module write them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    case,
    text,
)
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from randonumber.database import Base


class AccountKind(StrEnum):
    """What an account is for, which decides on which side of zero it may stand."""

    HOUSE = "house"
    WALLET = "wallet"
    PENDING = "pending"
    DEBT = "debt"
    LOT = "lot"
    HOLD = "hold"


class Account(Base):
    """A place where one currency stands. House accounts store no balance: theirs is the sum of their entries."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column()
    currency: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    balance: Mapped[int] = mapped_column(server_default=text("0"))
    is_open: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    def __repr__(self) -> str:
        """Return the code and what is in it."""
        return f"<{type(self).__name__} {self.code} {self.balance} {self.currency}>"

    __table_args__ = (
        UniqueConstraint("id", "currency"),
        Index("accounts_user_idx", "user_id", "kind", postgresql_where=text("user_id IS NOT NULL")),
    )
    __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy declares it so
        "polymorphic_on": case((kind.in_(("lot", "wallet")), kind), else_="account"),
        "polymorphic_identity": "account",
    }


class Lot(Account):
    """Credits that were bought or granted together: what is left of them is the balance of the account."""

    __mapper_args__ = {"polymorphic_identity": "lot"}  # noqa: RUF012 - SQLAlchemy declares it so

    lot_ref: Mapped[str] = mapped_column(unique=True, nullable=True)
    lot_source: Mapped[str] = mapped_column(nullable=True)
    lot_source_ref: Mapped[str] = mapped_column(nullable=True)
    lot_credits: Mapped[int] = mapped_column(nullable=True)
    lot_priority: Mapped[int] = mapped_column(SmallInteger, nullable=True)
    unit_price_minor: Mapped[int] = mapped_column(nullable=True)
    expires_at: Mapped[datetime | None]


Index(
    "accounts_open_lots_idx",
    Account.user_id,
    Lot.lot_priority,
    Lot.expires_at,
    Account.id,
    postgresql_where=text("is_open"),
)
Index("accounts_expiring_lots_idx", Lot.expires_at, postgresql_where=text("is_open AND expires_at IS NOT NULL"))


class Transaction(Base):
    """A business fact, once: `kind` and `ref` name it."""

    __tablename__ = "transactions"
    __table_args__ = (
        UniqueConstraint("kind", "ref"),
        Index("transactions_user_idx", "user_id", "id", postgresql_where=text("user_id IS NOT NULL")),
        Index(
            "transactions_money_idx",
            "user_id",
            "id",
            postgresql_where=text("kind NOT IN ('spend', 'hold', 'hold_capture', 'hold_release')"),
        ),
        Index(
            "transactions_withdrawals_idx",
            "user_id",
            postgresql_where=text("kind IN ('withdrawal_hold', 'withdrawal_settle', 'withdrawal_release')"),
        ),
        Index("transactions_created_at_idx", "created_at", postgresql_using="brin"),
        Index("transactions_event_idx", "actor", postgresql_where=text("actor LIKE 'event:%'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    ref: Mapped[str]
    size: Mapped[int] = mapped_column(SmallInteger)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id"))
    actor: Mapped[str]
    reason: Mapped[str | None]
    event_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    entries: Mapped[list[Entry]] = relationship(order_by="Entry.position", viewonly=True)

    def __repr__(self) -> str:
        """Return what it is and of what."""
        return f"<Transaction {self.id} {self.kind} {self.ref}>"


class Entry(Base):
    """One amount from a source, which falls, to a destination, which rises; and what their balances became."""

    __tablename__ = "entries"
    __table_args__ = tuple(
        ForeignKeyConstraint(
            [f"{side}_id", "currency"], ["accounts.id", "accounts.currency"], name=f"entries_{side}_fkey"
        )
        for side in ("source", "destination")
    )

    transaction_id: Mapped[int] = mapped_column(ForeignKey("transactions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    source_id: Mapped[int] = mapped_column()
    destination_id: Mapped[int] = mapped_column()
    currency: Mapped[str]
    amount: Mapped[int]
    source_balance: Mapped[int | None]
    destination_balance: Mapped[int | None]
    source: Mapped[Account] = relationship(
        primaryjoin="Entry.source_id == Account.id", foreign_keys=[source_id], viewonly=True
    )
    destination: Mapped[Account] = relationship(
        primaryjoin="Entry.destination_id == Account.id", foreign_keys=[destination_id], viewonly=True
    )

    def __repr__(self) -> str:
        """Return the amount and which way it went."""
        return f"<Entry {self.amount} {self.currency} {self.source.code} -> {self.destination.code}>"


class Wallet(Account):
    """A user's money that can be spent or withdrawn: `balance`, in cents.

    `accounts` are all places where the user's money stands or is owed, `transactions` every posting of the user.
    """

    __mapper_args__ = {"polymorphic_identity": "wallet"}  # noqa: RUF012 - SQLAlchemy declares it so

    accounts: Mapped[list[Account]] = relationship(
        primaryjoin=lambda: (Wallet.user_id == remote(foreign(Account.user_id))) & (remote(Account.currency) == "usd"),
        order_by=Account.id,
        viewonly=True,
    )
    transactions: Mapped[list[Transaction]] = relationship(
        primaryjoin=lambda: Wallet.user_id == foreign(Transaction.user_id),
        order_by=Transaction.id.desc(),
        viewonly=True,
    )


class BrokenInvariant(Base):
    """An invariant that does not hold: withdrawals are barred until it does."""

    __tablename__ = "broken_invariants"

    check_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    rows_broken: Mapped[int]
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
