"""Saved cards, to read. Whose they are stands in every query: a stranger's card is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber.credits.models import Card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

_REF: Final = re.compile(r"crd_[0-9a-z]{26}")


def cards(session: Session, user_id: int) -> Sequence[Card]:
    """Return the saved cards of a user, the default first, then the newest first."""
    query = select(Card).where(Card.user_id == user_id, Card.removed_at.is_(None))
    return session.scalars(query.order_by(Card.is_default.desc(), Card.id.desc())).all()


def find_card(session: Session, user_id: int, ref: str) -> Card | None:
    """Return a saved card of the user by its ref, or the default one for an empty ref; None when there is none."""
    if ref and not _REF.fullmatch(ref):
        return None
    query = select(Card).where(Card.user_id == user_id, Card.removed_at.is_(None))
    return session.scalar(query.where(Card.ref == ref if ref else Card.is_default))
