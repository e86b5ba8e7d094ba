"""Draws of the past. Whose they are stands in every query: a stranger's draw is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber.errors import InvalidRequest, NotFound
from randonumber.numbers.models import Draw

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class DrawPage:
    """Draws, newest first; `next_cursor` asks for older ones, None at the end."""

    rows: list[Draw]
    next_cursor: str | None


def draws(session: Session, user_id: int, *, before: str | None = None, limit: int = 50) -> DrawPage:
    """Return up to `limit` draws of the user, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is not a draw of this user.
    """
    query = select(Draw).where(Draw.user_id == user_id).order_by(Draw.id.desc()).limit(limit + 1)
    if before is not None:
        position = session.scalar(select(Draw.id).where(Draw.user_id == user_id, Draw.ref == before))
        if position is None:
            message = "This page does not exist; begin with the first one."
            raise InvalidRequest(message, errors=[{"field": "cursor", "message": message}])
        query = query.where(Draw.id < position)
    rows = list(session.scalars(query))
    return DrawPage(rows=rows[:limit], next_cursor=rows[limit - 1].ref if len(rows) > limit else None)


def get_draw(session: Session, user_id: int, ref: str) -> Draw:
    """Return the user's draw of this ref; raises NotFound."""
    draw = find_draw(session, user_id, ref)
    if draw is None:
        message = "There is no such draw."
        raise NotFound(message)
    return draw


def find_draw(session: Session, user_id: int, ref: str) -> Draw | None:
    """Return the user's draw of this ref, if there is one."""
    if "\0" in ref:  # PostgreSQL knows no such text
        return None
    return session.scalar(select(Draw).where(Draw.user_id == user_id, Draw.ref == ref))


def find_draw_of_form(session: Session, user_id: int, form_ref: str) -> Draw | None:
    """Return the draw that this form of the user's made, if it made one."""
    return session.scalar(select(Draw).where(Draw.user_id == user_id, Draw.form_ref == form_ref))
