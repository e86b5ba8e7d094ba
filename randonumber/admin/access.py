"""Who may see the operator's pages: users with `is_admin`. For anybody else they are not there."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import abort
from flask_login import current_user

from randonumber.access import person, signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

P = ParamSpec("P")
R = TypeVar("R")


def operator(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
    """Let an operator in; whoever is not signed in is asked to, and everybody else is told that nothing is here."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
        if not current_user.is_admin:
            abort(404)
        return view(*args, **kwargs)

    return signed_in(guarded)


def actor() -> str:
    """Return who acts, for the ledger."""
    return f"operator:{person().ref}"
