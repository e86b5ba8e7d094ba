"""The mails about an account, queued in the transaction that causes them.

Links begin with `BASE_URL`, never with the Host that a request named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from randonumber import mail
from randonumber.auth import tokens
from randonumber.auth.models import LinkPurpose

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.auth.models import User


def welcome(session: Session, user: User) -> None:
    """Greet a new user and ask to confirm the address. Never commits."""
    link = _address("confirm", tokens.issue(session, user.id, LinkPurpose.CONFIRM))
    mail.queue(session, "security/welcome", user.email, "Welcome: please confirm your address", link=link)


def confirmation(session: Session, user: User) -> None:
    """Send another link to confirm the address. Never commits."""
    link = _address("confirm", tokens.issue(session, user.id, LinkPurpose.CONFIRM))
    mail.queue(session, "security/confirm", user.email, "Please confirm your address", link=link)


def known_address(session: Session, user: User) -> None:
    """Tell an owner that somebody tried to register the address again. Never commits."""
    links = {"sign_in": _address("login"), "recover": _address("reset")}
    mail.queue(session, "security/known_address", user.email, "You already have an account", **links)


def recovery(session: Session, user: User) -> None:
    """Send the link to choose a new password. Never commits."""
    link = _address("reset", tokens.issue(session, user.id, LinkPurpose.RESET))
    mail.queue(session, "security/recovery", user.email, "Choose a new password", link=link)


def password_changed(session: Session, user: User) -> None:
    """Tell an owner that the password was changed. Never commits."""
    mail.queue(session, "security/changed", user.email, "Your password was changed", recover=_address("reset"))


def _address(*parts: str) -> str:
    base: str = current_app.extensions["config"].base_url
    return "/".join([base, *parts])
