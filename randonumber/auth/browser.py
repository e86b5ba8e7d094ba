"""The browser's side of a session: its cookie, and who is behind it in this request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import flask_security
from flask import current_app, g, session
from flask.sessions import SecureCookieSessionInterface
from flask_security.utils import set_request_attr

from randonumber.auth import sessions
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask import Flask
    from flask.sessions import SessionMixin
    from flask.wrappers import Request
    from sqlalchemy.orm import Session, sessionmaker

    from randonumber.auth.models import User
    from randonumber.auth.sessions import SignIn

_COOKIE_KEY: Final = "sid"


class PageSessions(SecureCookieSessionInterface):
    """Flask's cookie session, except that a call of the API with a key opens none: no parsing, no `Vary`."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:  # type: ignore[override]
        """Return the session of the request's cookie, or one that can only be read for a call with a key."""
        if has_key(request):
            return self.make_null_session(app)
        return super().open_session(app, request)


def has_key(request: Request) -> bool:
    """Whether this is a call of the API with a key, which is nobody's browser."""
    environ = request.environ
    return "HTTP_AUTHORIZATION" in environ and environ.get("PATH_INFO", "").startswith("/api/")


def load(fs_uniquifier: str) -> User | None:
    """Return the user of this request's cookie: Flask-Login's user loader.

    One short transaction of its own; the user is detached from it, so that the request goes on without holding a
    connection.
    """
    session_id = session.get(_COOKIE_KEY)
    if not isinstance(session_id, str):
        return None
    opened: sessionmaker[Session] = current_app.extensions["sessions"]
    with opened.begin() as database:
        found = sessions.find(database, session_id)
    if found is None or found.user.fs_uniquifier != fs_uniquifier:
        return None
    g.sign_in = found
    set_request_attr("fs_authn_via", "session")
    return found.user


def sign_in() -> SignIn | None:
    """Return who is signed in, with when the password was given."""
    if not flask_security.current_user.is_authenticated:
        return None
    found: SignIn | None = g.get("sign_in")
    return found


def session_id() -> str | None:
    """Return the id of this browser's session."""
    return session.get(_COOKIE_KEY)


def enter(user: User) -> None:
    """Sign this browser in under a new id; the session that it had before is dead."""
    before = session_id()
    with transaction() as database:
        if before is not None:
            sessions.end(database, before)
        new = sessions.start(database, user.id)
    _renew_cookie()
    flask_security.login_user(user, remember=False, authn_via=["password"])
    session[_COOKIE_KEY] = new


def leave() -> None:
    """Sign this browser out. Its cookie is worth nothing any more, also where somebody copied it."""
    before = session_id()
    if before is not None:
        with transaction() as database:
            sessions.end(database, before)
    flask_security.logout_user()
    _renew_cookie()


def _renew_cookie() -> None:
    """Take everything out of the cookie, with the token of the forms that were open."""
    session.clear()
    g.pop("csrf_token", None)
    g.pop("sign_in", None)
