"""Purchases, to read. Whose they are stands in every query: a stranger's purchase is not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber.credits.models import Purchase
from randonumber.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_REF: Final = re.compile(r"pur_[0-9a-z]{26}")


@dataclass(frozen=True, kw_only=True)
class PurchasePage:
    """Purchases, newest first; `next_cursor` asks for older ones, None at the end."""

    rows: list[Purchase]
    next_cursor: str | None


def purchases(session: Session, user_id: int, *, before: str | None = None, limit: int = 50) -> PurchasePage:
    """Return up to `limit` purchases of the user, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is not a purchase of this user.
    """
    query = select(Purchase).where(Purchase.user_id == user_id).order_by(Purchase.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Purchase.id < _position(session, user_id, before))
    rows = list(session.execute(query).scalars())
    return PurchasePage(rows=rows[:limit], next_cursor=rows[limit - 1].ref if len(rows) > limit else None)


def get_purchase(session: Session, user_id: int, ref: str) -> Purchase:
    """Return the user's purchase of this ref; raises NotFound."""
    purchase = find_purchase(session, user_id, ref)
    if purchase is None:
        message = "There is no such purchase."
        raise NotFound(message)
    return purchase


def find_purchase(session: Session, user_id: int, ref: str) -> Purchase | None:
    """Return the user's purchase of this ref, if there is one."""
    if not _REF.fullmatch(ref):
        return None
    return session.scalar(select(Purchase).where(Purchase.user_id == user_id, Purchase.ref == ref))


def _position(session: Session, user_id: int, cursor: str) -> int:
    purchase = find_purchase(session, user_id, cursor)
    if purchase is None:
        message = "This page does not exist; begin with the first one."
        raise InvalidRequest(message, errors=[{"field": "cursor", "message": message}])
    return purchase.id
