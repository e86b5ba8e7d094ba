"""The outbox: one row a message, kept after it was sent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class MailStatus(StrEnum):
    """Where a message is."""

    QUEUED = "queued"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    """The recipient's address was refused for good: nobody here can mend that."""
    DEAD = "dead"
    """Given up for a reason that somebody here has to look at."""


class MailMessage(Base):
    """A message, rendered when it was queued: what is sent later is what was true then.

    Once it is sent, its text is forgotten: a copy of the database opens nobody's account.
    """

    __tablename__ = "mail_messages"
    __table_args__ = (Index("mail_messages_due_idx", "next_try_at", postgresql_where=text("status = 'queued'")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    template: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    text_body: Mapped[str]
    html_body: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_try_at: Mapped[datetime]
    server_failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        """Return which message it is and where it is, without its address."""
        return f"<MailMessage {self.ref} {self.template} {self.status}>"
