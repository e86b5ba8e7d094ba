"""People with credits for the tests of draws, made through the services and the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from randonumber import ids, ledger
from randonumber.database import single_statements, transaction
from randonumber.ledger import LotPriority, LotSource, Move
from randonumber.ledger.queries import credits_left
from randonumber.numbers import service
from randonumber.numbers.service import UserPays
from randonumber.numbers.wishes import Integers
from tests import people

if TYPE_CHECKING:
    from datetime import datetime

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.people import Person

DIE = {"type": "integer", "min": 1, "max": 6, "n": 1}


def give(person: Person, credits_: int, *, expires_at: datetime | None = None) -> str:
    """Open a lot of promotional credits for the person, and return its ref."""
    ref = ids.new_ref("test")
    with transaction() as session:
        lot = ledger.open_lot(
            session,
            user_id=person.id,
            source=LotSource.GRANT,
            source_ref=ref,
            credits_=credits_,
            unit_price_minor=0,
            priority=LotPriority.PROMOTIONAL,
            expires_at=expires_at,
        )
        entries = [Move(source="credits:issued", destination=lot.code, amount=credits_)]
        ledger.post(session, kind="grant", ref=ref, entries=entries, actor="operator:test", user_id=person.id)
    return lot.ref


def buyer(credits_: int) -> Person:
    """Make a person with exactly so many credits, whatever a new account is given."""
    person = people.make_user()
    surplus = left(person) - credits_
    if surplus < 0:
        give(person, -surplus)
    if surplus > 0:
        payer = UserPays(user_id=person.id, actor="operator:test")
        with single_statements() as connection:
            service.draw(connection, payer, Integers(minimum=0, maximum=9, n=surplus))
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
