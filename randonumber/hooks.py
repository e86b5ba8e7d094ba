"""Where features meet without importing one another: a person's sign-up, and the sections of the account page.

A hook is a building block: it runs in the transaction of the sign-up, never commits and never calls out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from flask import Flask
    from sqlalchemy.orm import Session

    SignUpHook = Callable[[Session, "Person"], None]
    SectionContext = Callable[[Session, int], Mapping[str, Any] | None]
    Notice = Callable[[Session, int], "str | None"]


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


@dataclass(frozen=True, kw_only=True)
class AccountSection:
    """A part of the account page: `template` is included with what `context(session, user_id)` returns.

    With None it is left out.

    `name` is its anchor (`/account#name`), `position` its place: the lowest comes first.
    """

    name: str
    title: str
    position: int
    template: str
    context: SectionContext


def add_account_section(app: Flask, section: AccountSection) -> None:
    """Show `section` on the account page."""
    app.extensions.setdefault("account_sections", []).append(section)


def account_sections(app: Flask) -> list[AccountSection]:
    """Return the sections of the account page in their order."""
    return sorted(app.extensions.get("account_sections", []), key=lambda section: section.position)


def add_notice(app: Flask, notice: Notice) -> None:
    """Let `notice(session, user_id)` say a sentence on top of the account page and after the sign-up, or None."""
    app.extensions.setdefault("account_notices", []).append(notice)


def notices(app: Flask, session: Session, user_id: int) -> list[str]:
    """Return what there is to say to a user. Never commits."""
    said = (notice(session, user_id) for notice in app.extensions.get("account_notices", []))
    return [words for words in said if words]
