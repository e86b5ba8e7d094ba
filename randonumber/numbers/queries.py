"""Draws of the past. Whose they are stands in every query: a stranger's draw is not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, select

from randonumber.errors import InvalidRequest, NotFound
from randonumber.numbers.models import Draw

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


_REF: Final = re.compile(r"drw_[0-9a-z]{26}")
MOST_LISTED: Final = 100
"""A list shows the values of draws up to this size; a larger one shows them where it stands alone."""


@dataclass(frozen=True, kw_only=True)
class DrawSummary:
    """A draw as lists show it; `values` is None when there are more than MOST_LISTED."""

    ref: str
    type: str
    request: dict[str, Any]
    n: int
    credits: int
    values: list[Any] | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class DrawPage:
    """Draws, newest first; `next_cursor` asks for older ones, None at the end."""

    rows: list[DrawSummary]
    next_cursor: str | None


_SUMMARY: Final = (
    Draw.ref,
    Draw.type,
    Draw.request,
    Draw.n,
    Draw.credits,
    case((Draw.n <= MOST_LISTED, Draw.values)).label("values"),
    Draw.created_at,
)


def draws(session: Session, user_id: int, *, before: str | None = None, limit: int = 50) -> DrawPage:
    """Return up to `limit` draws of the user, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is not a draw of this user.
    """
    query = select(*_SUMMARY).where(Draw.user_id == user_id).order_by(Draw.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Draw.id < _position(session, user_id, before))
    rows = [DrawSummary(**row._mapping) for row in session.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name
    return DrawPage(rows=rows[:limit], next_cursor=rows[limit - 1].ref if len(rows) > limit else None)


def _position(session: Session, user_id: int, cursor: str) -> int:
    draw = find_draw(session, user_id, cursor)
    if draw is None:
        message = "This page does not exist; begin with the first one."
        raise InvalidRequest(message, errors=[{"field": "cursor", "message": message}])
    return draw.id


def get_draw(session: Session, user_id: int, ref: str) -> Draw:
    """Return the user's draw of this ref; raises NotFound."""
    draw = find_draw(session, user_id, ref)
    if draw is None:
        message = "There is no such draw."
        raise NotFound(message)
    return draw


def find_draw(session: Session, user_id: int, ref: str) -> Draw | None:
    """Return the user's draw of this ref, if there is one."""
    if not _REF.fullmatch(ref):
        return None
    return session.scalar(select(Draw).where(Draw.user_id == user_id, Draw.ref == ref))


def find_draw_of_form(session: Session, user_id: int, form_ref: str) -> Draw | None:
    """Return the draw that this form of the user's made, if it made one."""
    return session.scalar(select(Draw).where(Draw.user_id == user_id, Draw.form_ref == form_ref))
