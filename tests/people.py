"""People for the tests: made through the services, or registered over HTTP as a person would be."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from randonumber.auth import accounts, keys, passwords
from randonumber.auth.models import Scope
from randonumber.database import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PASSWORD = "vermilion teapot 9"


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user, and what opens the account."""

    id: int
    ref: str
    email: str
    password: str


def make_user(
    email: str | None = None, *, password: str = PASSWORD, admin: bool = False, confirmed: bool = True
) -> Person:
    """Make a user through the services, inside an app context."""
    address = email or f"person-{secrets.token_hex(4)}@example.com"
    hashed = hashed_once(password)
    with transaction() as session:
        user = accounts.create(session, address, hashed, is_confirmed=confirmed)
        assert user is not None, f"{address} has an account already"
        user.is_admin = admin
    return Person(id=user.id, ref=user.ref, email=user.email, password=password)


@cache
def hashed_once(password: str) -> str:
    """Return the hash to keep; a test's people share it, since each takes as long as a guess should."""
    return passwords.digest(password)


def make_key(person: Person, scopes: Iterable[str] = ("draw", "read")) -> str:
    """Make an API key for the person and return it."""
    with transaction() as session:
        return keys.create(session, person.id, "test", [Scope(scope) for scope in scopes])


def bearer(key: str) -> dict[str, str]:
    """Return the header that carries an API key."""
    return {"Authorization": f"Bearer {key}"}


def csrf_token(client: FlaskClient, page: str = "/login") -> str:
    """Return the token of this browser's forms."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page, follow_redirects=True).text)
    assert found, f"{page} shows no form"
    return found[1]


def submit(client: FlaskClient, action: str, page: str | None = None, **fields: Any) -> TestResponse:
    """Send a form with the token of the page it stands on."""
    token = csrf_token(client, page or action)
    return client.post(action, data={"csrf_token": token, **fields})


def register(client: FlaskClient, email: str | None = None, password: str = PASSWORD) -> TestResponse:
    """Register over HTTP, each time from another network: registrations are counted by network."""
    fields = {
        "csrf_token": csrf_token(client, "/register"),
        "email": email or f"person-{secrets.token_hex(4)}@example.com",
        "password": password,
        "password_confirm": password,
    }
    network = {"REMOTE_ADDR": f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.1"}
    return client.post("/register", data=fields, environ_overrides=network)


def sign_in(client: FlaskClient, person: Person, **fields: Any) -> TestResponse:
    """Sign in over HTTP."""
    given = {"email": person.email, "password": person.password, **fields}
    return submit(client, "/login", **given)
