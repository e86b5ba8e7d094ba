"""The tables of the journal: one row for each attempt of an outbound write, and the stops of the queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base

_OPEN = text("status IN ('planned', 'sent')")


class Installation(Base):
    """This installation of the product: one row, made by the migration."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("only", name="only"), CheckConstraint("key ~ '^[0-9a-z]{12}$'", name="key"))

    only: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class StripeCall(Base):
    """One attempt of an outbound write; migrations/versions/0004_stripe.py says what the database refuses."""

    __tablename__ = "stripe_calls"
    __table_args__ = (
        UniqueConstraint("operation", "ref", "attempt"),
        Index("stripe_calls_open_key", "operation", "ref", unique=True, postgresql_where=_OPEN),
        Index("stripe_calls_due_idx", "due_at", postgresql_where=_OPEN),
        CheckConstraint("attempt > 0", name="attempt"),
        CheckConstraint("length(key) <= 255", name="key_length"),
        CheckConstraint("status IN ('planned', 'sent', 'ok', 'refused', 'void')", name="status"),
        CheckConstraint("(status = 'planned') = (first_sent_at IS NULL) OR status = 'void'", name="sent"),
        CheckConstraint("(status IN ('planned', 'sent')) = (closed_at IS NULL)", name="closed"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    operation: Mapped[str]
    ref: Mapped[str]
    attempt: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    params: Mapped[str]
    stripe_account: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'planned'"))
    sends: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    server_error_status: Mapped[int | None]
    server_errors: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    alarm: Mapped[str | None]
    due_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    lease_number: Mapped[int] = mapped_column(server_default=text("0"))
    result_id: Mapped[str | None]
    planned_at: Mapped[datetime]
    first_sent_at: Mapped[datetime | None]
    last_sent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class StripeStop(Base):
    """A stop of the queue: Stripe does not accept the key of this scope; one call tries again at `retry_at`."""

    __tablename__ = "stripe_stops"

    scope: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[int]
    stopped_at: Mapped[datetime]
    retry_at: Mapped[datetime]
