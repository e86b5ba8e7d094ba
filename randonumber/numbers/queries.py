"""Draws of the past. Whose they are stands in every query: a stranger's draw is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, select

from randonumber import owned
from randonumber.numbers.models import Draw

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.owned import Page


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


_SUMMARY: Final = (
    Draw.ref,
    Draw.type,
    Draw.request,
    Draw.n,
    Draw.credits,
    case((Draw.n <= MOST_LISTED, Draw.values)).label("values"),
    Draw.created_at,
)


def draws(session: Session, user_id: int, *, before: str | None = None, limit: int = 50) -> Page[DrawSummary]:
    """Return up to `limit` draws of the user, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is not a draw of this user.
    """
    query = owned.newest(select(*_SUMMARY), session, Draw, user_id, before).limit(limit + 1)
    rows = [DrawSummary(**row._mapping) for row in session.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name
    return owned.page(rows, limit)


def get_draw(session: Session, user_id: int, ref: str) -> Draw:
    """Return the user's draw of this ref; raises NotFound."""
    return owned.get(session, Draw, user_id, ref, "draw")


def find_draw_of_form(session: Session, user_id: int, form_ref: str) -> Draw | None:
    """Return the draw that this form of the user's made, if it made one."""
    return session.scalar(select(Draw).where(Draw.user_id == user_id, Draw.form_ref == form_ref))
