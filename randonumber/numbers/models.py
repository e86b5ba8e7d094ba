"""Draws, to read: `service` writes them, in the statement that pays for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class Draw(Base):
    """Random values that somebody paid for: one row of history, never changed."""

    __tablename__ = "draws"
    __table_args__ = (
        Index("draws_user_idx", "user_id", "id"),
        Index("draws_form_idx", "user_id", "form_ref", unique=True, postgresql_where=text("form_ref IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))
    form_ref: Mapped[str | None]
    type: Mapped[str]
    request: Mapped[dict[str, Any]]
    n: Mapped[int] = mapped_column(Integer)
    credits: Mapped[int] = mapped_column(Integer)
    values: Mapped[list[Any]]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("transactions.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    def __repr__(self) -> str:
        """Return what was asked for, and by its ref which one it is."""
        return f"<Draw {self.ref} {self.n} x {self.type}>"
