"""Who is written to: the buyer, and whoever runs the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

_EMAIL: Final = text("SELECT email FROM users WHERE id = :user_id")
_OPERATORS: Final = text("SELECT email FROM users WHERE is_admin AND active ORDER BY id")


def address_of(session: Session, user_id: int) -> str:
    """Return a user's mail address."""
    address: str = session.execute(_EMAIL, {"user_id": user_id}).scalar_one()
    return address


def operators(session: Session) -> Sequence[str]:
    """Return the address of every operator who may sign in."""
    return session.execute(_OPERATORS).scalars().all()
