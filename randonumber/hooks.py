"""Where features meet without importing one another: a person's sign-up, and the pages that show something of several.

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
class Section:
    """A part of a page: `template` is included with what `context(session, user_id)` returns; with None it is left out.

    `page` is `account` or `wallet`, `name` its anchor (`/account#name`), `position` its place: the lowest comes first.
    """

    name: str
    title: str
    position: int
    template: str
    context: SectionContext
    page: str = "account"


def add_section(app: Flask, section: Section) -> None:
    """Show `section` on its page."""
    app.extensions.setdefault("sections", []).append(section)


def sections(app: Flask, page: str) -> list[Section]:
    """Return the sections of a page in their order."""
    of_page = [section for section in app.extensions.get("sections", []) if section.page == page]
    return sorted(of_page, key=lambda section: section.position)


def add_notice(app: Flask, notice: Notice) -> None:
    """Let `notice(session, user_id)` say a sentence on top of the account page and after the sign-up, or None."""
    app.extensions.setdefault("account_notices", []).append(notice)


def notices(app: Flask, session: Session, user_id: int) -> list[str]:
    """Return what there is to say to a user. Never commits."""
    said = (notice(session, user_id) for notice in app.extensions.get("account_notices", []))
    return [words for words in said if words]
