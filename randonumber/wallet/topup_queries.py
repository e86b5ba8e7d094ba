"""Top-ups, and the cards that may pay them, to read. Whose they are stands in every query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from randonumber import clock, owned
from randonumber.payments import cards
from randonumber.wallet.models import Topup, TopupReversal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

# A card pays to the end of its month.
_CARDS: Final = text("""
    SELECT id, ref, brand, last4 FROM cards
     WHERE user_id = :user_id AND removed_at IS NULL AND (exp_year, exp_month) >= (:year, :month)
     ORDER BY is_default DESC, id DESC
""")


@dataclass(frozen=True, kw_only=True)
class SavedCard:
    """A saved card that can pay, with its name in words."""

    id: int
    ref: str
    name: str


def saved_cards(session: Session, user_id: int) -> list[SavedCard]:
    """Return the saved cards of a user that have not expired, the default first, then the newest."""
    now = clock.now()
    rows = session.execute(_CARDS, {"user_id": user_id, "year": now.year, "month": now.month})
    return [SavedCard(id=row.id, ref=row.ref, name=cards.name_of(row.brand, row.last4)) for row in rows]


def latest(session: Session, user_id: int, *, limit: int) -> Sequence[Topup]:
    """Return the newest top-ups of a user."""
    query = select(Topup).where(Topup.user_id == user_id).order_by(Topup.id.desc()).limit(limit)
    return session.scalars(query).all()


def get_topup(session: Session, user_id: int, ref: str) -> Topup:
    """Return the user's top-up of this ref; raises NotFound."""
    return owned.get(session, Topup, user_id, ref, "top-up")


def reversals_of(session: Session, topup: Topup) -> Sequence[TopupReversal]:
    """Return the refunds and disputes of a top-up that have moved money, oldest first."""
    query = select(TopupReversal).where(TopupReversal.topup_id == topup.id, TopupReversal.taken_minor > 0)
    return session.scalars(query.order_by(TopupReversal.id)).all()
