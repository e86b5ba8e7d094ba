"""Who is signed in, as the account's own pages need to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_security import current_user

if TYPE_CHECKING:
    from randonumber.auth.models import User


def user() -> User:
    """Return who is signed in, inside a view that only lets such people in."""
    found: User = current_user._get_current_object()  # noqa: SLF001 - the user behind Flask-Login's proxy
    return found
