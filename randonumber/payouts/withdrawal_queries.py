"""Withdrawals, to read. Whose they are stands in every query: a stranger's withdrawal is not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber.errors import InvalidRequest, NotFound
from randonumber.payouts.models import Withdrawal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_REF: Final = re.compile(r"wd_[0-9a-z]{26}")


@dataclass(frozen=True, kw_only=True)
class WithdrawalPage:
    """Withdrawals, newest first; `next_cursor` asks for older ones, None at the end."""

    rows: list[Withdrawal]
    next_cursor: str | None


def withdrawals(session: Session, user_id: int, *, before: str | None = None, limit: int = 50) -> WithdrawalPage:
    """Return up to `limit` withdrawals of the user, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is not a withdrawal of this user.
    """
    query = select(Withdrawal).where(Withdrawal.user_id == user_id).order_by(Withdrawal.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Withdrawal.id < _position(session, user_id, before))
    rows = list(session.execute(query).scalars())
    return WithdrawalPage(rows=rows[:limit], next_cursor=rows[limit - 1].ref if len(rows) > limit else None)


def get_withdrawal(session: Session, user_id: int, ref: str) -> Withdrawal:
    """Return the user's withdrawal of this ref; raises NotFound."""
    withdrawal = find_withdrawal(session, user_id, ref)
    if withdrawal is None:
        message = "There is no such withdrawal."
        raise NotFound(message)
    return withdrawal


def find_withdrawal(session: Session, user_id: int, ref: str) -> Withdrawal | None:
    """Return the user's withdrawal of this ref, if there is one."""
    if not _REF.fullmatch(ref):
        return None
    return session.scalar(select(Withdrawal).where(Withdrawal.user_id == user_id, Withdrawal.ref == ref))


def _position(session: Session, user_id: int, cursor: str) -> int:
    withdrawal = find_withdrawal(session, user_id, cursor)
    if withdrawal is None:
        message = "This page does not exist; begin with the first one."
        raise InvalidRequest(message, errors=[{"field": "cursor", "message": message}])
    return withdrawal.id
