"""Withdrawals, to read. Whose they are stands in every query: a stranger's withdrawal is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import owned
from randonumber.payouts.models import Withdrawal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.owned import Page


def withdrawals(session: Session, user_id: int, *, before: str | None = None, limit: int = 50) -> Page[Withdrawal]:
    """Return up to `limit` withdrawals of the user, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is not a withdrawal of this user.
    """
    query = owned.newest(select(Withdrawal), session, Withdrawal, user_id, before)
    return owned.page(session.scalars(query.limit(limit + 1)).all(), limit)


def get_withdrawal(session: Session, user_id: int, ref: str) -> Withdrawal:
    """Return the user's withdrawal of this ref; raises NotFound."""
    return owned.get(session, Withdrawal, user_id, ref, "withdrawal")
