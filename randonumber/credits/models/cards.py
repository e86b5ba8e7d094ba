"""Saved cards, and the setups that save one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class Card(Base):
    """A card that a user has saved, as Stripe shows it; its number never comes here.

    It is removed here at once (`removed_at`) and at Stripe by the call `call_id`.
    """

    __tablename__ = "cards"
    __table_args__ = (
        Index("cards_user_idx", "user_id", "id"),
        Index("cards_default_idx", "user_id", unique=True, postgresql_where=text("is_default")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    stripe_payment_method_id: Mapped[str] = mapped_column(unique=True)
    fingerprint: Mapped[str | None]
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int] = mapped_column(SmallInteger)
    exp_year: Mapped[int] = mapped_column(SmallInteger)
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    call_id: Mapped[int | None]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        """Return which card it is."""
        return f"<Card {self.ref} {self.brand} {self.last4}>"


class CardSetupStatus(StrEnum):
    """Where the saving of a card is."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class CardSetup(Base):
    """One use of the form that saves a card: a SetupIntent at Stripe, without an id while it is being made."""

    __tablename__ = "card_setups"
    __table_args__ = (UniqueConstraint("user_id", "form_ref"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    form_ref: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    call_id: Mapped[int | None]
    setup_intent_id: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]

    def __repr__(self) -> str:
        """Return which setup it is, and where it is."""
        return f"<CardSetup {self.ref} {self.status}>"
