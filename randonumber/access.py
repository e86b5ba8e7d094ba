"""Who may see a view: declared beside its route. Every feature asks here, and none needs to know of `auth`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import g, redirect, request
from flask_login import current_user

from randonumber import paths, web
from randonumber.errors import ReauthenticationRequired, Unauthorized
from randonumber.hooks import Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

P = ParamSpec("P")
R = TypeVar("R")


def signed_in(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
    """Let in who is signed in; a page sends others to the sign-in and back, a program is answered 401."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
        if current_user.is_authenticated:
            return view(*args, **kwargs)
        if web.wants_problem():
            message = "Please sign in."
            raise Unauthorized(message)
        return detour("/login")

    return guarded


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


def is_fresh() -> bool:
    """Whether the person in this browser gave a password within the last five minutes."""
    if not current_user.is_authenticated:
        return False
    found = g.get("sign_in")
    return found is not None and bool(found.is_fresh)


def session_hash() -> bytes:
    """Return the SHA-256 of this browser's session id, inside a view that only lets in who is signed in."""
    found: bytes = g.sign_in.id_hash
    return found


def verify_first(back: str) -> ResponseReturnValue:
    """Lead to the page that asks for the password again, and from there to `back`."""
    return redirect(f"/verify?{urlencode({'next': back.partition('#')[0]})}", 303)


def person() -> Person:
    """Return who is signed in, inside a view that only lets such people in."""
    return Person(user_id=current_user.id, ref=current_user.ref, email=current_user.email)


def detour(page: str) -> ResponseReturnValue:
    """Lead to `page` and from there back; a form that was sent leads back to the account instead."""
    back = request.full_path.rstrip("?") if request.method == "GET" else "/account"
    known = paths.own(back)
    return redirect(page if known == paths.HOME else f"{page}?{urlencode({'next': known})}", 303)
