"""What the account's own pages ask beyond a sign-in: that it is fresh."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import redirect
from flask_security import current_user

from randonumber import web
from randonumber.access import detour, signed_in
from randonumber.auth import browser
from randonumber.errors import ReauthenticationRequired

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from randonumber.auth.models import User

P = ParamSpec("P")
R = TypeVar("R")


def fresh(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
    """Let in who gave a password within the last five minutes; others give it and come back."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
        if is_fresh():
            return view(*args, **kwargs)
        if web.wants_problem():
            message = "Please give your password again."
            raise ReauthenticationRequired(message)
        return detour("/verify")

    return signed_in(guarded)


def verify_first(back: str) -> ResponseReturnValue:
    """Lead to the page that asks for the password again, and from there to `back`."""
    return redirect(f"/verify?{urlencode({'next': back.partition('#')[0]})}", 303)


def is_fresh() -> bool:
    """Whether the person in this browser gave a password within the last five minutes."""
    found = browser.sign_in()
    return found is not None and found.is_fresh


def user() -> User:
    """Return who is signed in, inside a view that only lets such people in."""
    found: User = current_user._get_current_object()  # noqa: SLF001 - the user behind Flask-Login's proxy
    return found
