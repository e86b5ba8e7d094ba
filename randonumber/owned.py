"""Rows that belong to a user: found by their ref, and listed newest first. A stranger's row is not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import select

from randonumber.database import Base
from randonumber.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

_REF: Final = re.compile(r"[a-z]{2,4}_[0-9a-z]{26}")


class Shown(Protocol):
    """A row of a list, which its ref names."""

    @property
    def ref(self) -> Any:
        """Return its name."""


M = TypeVar("M", bound=Base)
R = TypeVar("R", bound=Shown)


@dataclass(frozen=True, kw_only=True)
class Page(Generic[R]):
    """Rows, newest first; `next_cursor` asks for older ones, None at the end."""

    rows: list[R]
    next_cursor: str | None


def find(session: Session, model: type[M], user_id: int, ref: str) -> M | None:
    """Return the user's row of this ref, if there is one."""
    if not _REF.fullmatch(ref):
        return None
    columns: Any = model  # every such model has them
    return session.scalar(select(model).where(columns.user_id == user_id, columns.ref == ref))


def get(session: Session, model: type[M], user_id: int, ref: str, what: str) -> M:
    """Return the user's row of this ref; `what` says what it is. Raises NotFound."""
    row = find(session, model, user_id, ref)
    if row is None:
        message = f"There is no such {what}."
        raise NotFound(message)
    return row


def newest(query: Select[Any], session: Session, model: type[M], user_id: int, before: str | None) -> Select[Any]:
    """Return the query for the user's rows, newest first, older than the one whose ref is the cursor `before`.

    Raises InvalidRequest on a cursor that is no row of this user.
    """
    columns: Any = model
    of_user = query.where(columns.user_id == user_id).order_by(columns.id.desc())
    if before is None:
        return of_user
    last: Any = find(session, model, user_id, before)
    if last is None:
        message = "This page does not exist; begin with the first one."
        raise InvalidRequest(message, errors=[{"field": "cursor", "message": message}])
    return of_user.where(columns.id < last.id)


def page(rows: Sequence[R], limit: int) -> Page[R]:
    """Return the first `limit` of the rows, of which one more was asked for, and the cursor of the page after them."""
    return Page(rows=list(rows[:limit]), next_cursor=rows[limit - 1].ref if len(rows) > limit else None)
