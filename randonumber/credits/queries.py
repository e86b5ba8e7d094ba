"""Purchases, to read. Whose they are stands in every query: a stranger's purchase is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import owned
from randonumber.credits.models import Purchase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.owned import Page


def purchases(session: Session, user_id: int, *, before: str | None = None, limit: int = 50) -> Page[Purchase]:
    """Return up to `limit` purchases of the user, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is not a purchase of this user.
    """
    query = owned.newest(select(Purchase), session, Purchase, user_id, before)
    return owned.page(session.scalars(query.limit(limit + 1)).all(), limit)


def get_purchase(session: Session, user_id: int, ref: str) -> Purchase:
    """Return the user's purchase of this ref; raises NotFound."""
    return owned.get(session, Purchase, user_id, ref, "purchase")


def find_purchase(session: Session, user_id: int, ref: str) -> Purchase | None:
    """Return the user's purchase of this ref, if there is one."""
    return owned.find(session, Purchase, user_id, ref)
