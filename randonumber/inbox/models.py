"""The event store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class InboxEvent(Base):
    """An event of Stripe's, as it came, and what became of it."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        Index("inbox_events_due_idx", "due_at", postgresql_where=text("status = 'pending'")),
        Index("inbox_events_received_at_idx", "received_at"),
        CheckConstraint("status IN ('pending', 'done', 'ignored', 'dead')", name="status"),
        CheckConstraint("(status = 'pending') = (closed_at IS NULL)", name="closed"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_id: Mapped[str | None]
    stripe_account: Mapped[str | None]
    livemode: Mapped[bool]
    body: Mapped[str]
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    reason: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class InboxSweep(Base):
    """Up to which moment Stripe's list of events has been read."""

    __tablename__ = "inbox_sweeps"

    scope: Mapped[str] = mapped_column(primary_key=True)
    swept_until: Mapped[datetime]
