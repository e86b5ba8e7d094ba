"""Flask-Security, set up for this shop: its hashing, its sign-in and its signals, over our own pages and sessions.

Its blueprint is not registered. Our views say 303 and 422 where it says 302 and 200, answer whatever is sent
without a 500, and keep links that work once; each of these would mean to correct it from outside.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_security import Security, SQLAlchemyUserDatastore
from sqlalchemy import select

from randonumber.auth import browser, passwords
from randonumber.auth.models import Role, User
from randonumber.database import commit_request_session, db

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session, sessionmaker


class Datastore(SQLAlchemyUserDatastore):
    """Finds users in short transactions of their own; what is changed is committed by us alone."""

    def find_user(self, case_insensitive: bool = False, **one: Any) -> User | None:  # noqa: ARG002, FBT001, FBT002
        """Return the user with this attribute, detached."""
        ((name, value),) = one.items()
        sessions: sessionmaker[Session] = current_app.extensions["sessions"]
        with sessions.begin() as session:
            return session.scalar(select(User).where(getattr(User, name) == value))

    def commit(self) -> None:
        """Commit what Flask-Security put into the session of the request."""
        commit_request_session()


def init_app(app: Flask) -> None:
    """Bind Flask-Security and take off what would run at each request."""
    app.config.update(_settings())
    app.session_interface = browser.PageSessions()
    security = Security(app, Datastore(db, User, Role), register_blueprint=False)
    manager = security.login_manager
    manager.user_loader(browser.load)
    manager.request_loader(None)
    manager.session_protection = None
    _unhook(app, "before_request_funcs", security.principal._on_before_request)  # noqa: SLF001
    _unhook(app, "after_request_funcs", manager._update_remember_cookie)  # noqa: SLF001
    passwords.prepare(app)


def _settings() -> dict[str, Any]:
    """Return Flask-Security's settings. What a link of its own would need is random: there are none."""
    return {
        "SECURITY_BLUEPRINT_NAME": "auth",
        "SECURITY_USE_REGISTER_V2": True,
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": passwords.CONTEXT_OPTIONS,
        "SECURITY_PASSWORD_SALT": secrets.token_hex(16),
        "SECURITY_HASHING_SCHEMES": ["hex_sha512"],
        "SECURITY_DEPRECATED_HASHING_SCHEMES": [],
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SECURITY_FRESHNESS": timedelta(minutes=5),
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        # A form is bound to its session by its token and to this site by SameSite and Sec-Fetch-Site
        # (origins.py). The Referer is not sent from the page of a recovery link.
        "WTF_CSRF_SSL_STRICT": False,
    }


def _unhook(app: Flask, stage: str, hook: Callable[..., Any]) -> None:
    """Take a hook of an extension off: Flask-Principal's asks who is there at every request, and so do files.

    Roles and remembered sign-ins, which these two are for, are not used.
    """
    hooks: list[Callable[..., Any]] = getattr(app, stage)[None]
    hooks.remove(hook)
