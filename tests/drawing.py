"""People with credits for the tests of draws, made through the services and the ledger."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import text

from randonumber import ids
from randonumber.credits.service import grant, revoke
from randonumber.database import transaction
from randonumber.ledger.queries import credits_left
from tests import people

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.people import Person

P = ParamSpec("P")
T = TypeVar("T")
_LOT = text("SELECT lot_ref FROM accounts WHERE lot_source_ref = :ref")
DIE = {"type": "integer", "min": 1, "max": 6, "n": 1}


def give(person: Person, credits_: int, *, expires_at: datetime | None = None) -> str:
    """Give the person credits in a lot of their own, and return its ref."""
    ref = ids.new_ref("grt")
    with transaction() as session:
        grant(
            session,
            user_id=person.id,
            credits_=credits_,
            reason="a test",
            actor="operator:test",
            ref=ref,
            expires_at=expires_at,
        )
        found: str = session.execute(_LOT, {"ref": ref}).scalar_one()
    return found


def buyer(credits_: int) -> Person:
    """Make a person with exactly so many credits, whatever a new account is given."""
    person = people.make_user()
    surplus = left(person) - credits_
    if surplus < 0:
        give(person, -surplus)
    if surplus > 0:
        with transaction() as session:
            revoke(session, user_id=person.id, credits_=surplus, reason="a test", actor="operator:test")
    assert left(person) == credits_
    return person


def left(person: Person) -> int:
    """Return the credits of the person."""
    with transaction() as session:
        return credits_left(session, person.id)


def count(table: str) -> int:
    """Return how many rows there are."""
    with transaction() as session:
        rows: int = session.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a name in a test
    return rows


def ask(client: FlaskClient, key: str, body: Any = DIE, path: str = "/api/v1/numbers", **headers: str) -> TestResponse:
    """Send a JSON body with an API key; underscores in the names of further headers become dashes."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, data=content, headers=people.bearer(key) | {"Content-Type": "application/json"} | sent)


def in_a_thread(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Return what `work` returns in a thread of its own, as another visitor's request would run."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work, *arguments, **options).result()
