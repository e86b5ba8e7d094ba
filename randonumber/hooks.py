"""Where features meet without importing one another: what happens when a person signs up.

A hook is a building block: it runs in the transaction of the sign-up, never commits and never calls out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    SignUpHook = Callable[[Session, "Person"], None]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user, as other features need to know one."""

    user_id: int
    ref: str
    email: str


def on_sign_up(app: Flask, hook: SignUpHook) -> None:
    """Run `hook` in the transaction that makes a user."""
    app.extensions.setdefault("sign_up_hooks", []).append(hook)


def on_confirmed(app: Flask, hook: SignUpHook) -> None:
    """Run `hook` in the transaction that confirms a user's address: with the sandbox, that of the sign-up."""
    app.extensions.setdefault("confirmed_hooks", []).append(hook)


def run_sign_up(app: Flask, session: Session, person: Person) -> None:
    """Run every sign-up hook."""
    for hook in app.extensions.get("sign_up_hooks", []):
        hook(session, person)


def run_confirmed(app: Flask, session: Session, person: Person) -> None:
    """Run every hook of a confirmed address."""
    for hook in app.extensions.get("confirmed_hooks", []):
        hook(session, person)
