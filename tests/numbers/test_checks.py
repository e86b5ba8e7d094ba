"""The invariants of draws catch what they are there for."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from randonumber.database import single_statements, transaction
from randonumber.ledger import checks
from randonumber.numbers import service
from randonumber.numbers.service import UserPays
from randonumber.numbers.wishes import Integers
from tests import drawing

pytestmark = pytest.mark.usefixtures("committed")


def broken() -> set[str]:
    with transaction() as session:
        return {result.id for result in checks.run(session, prefix="A") if not result.holds}


def draw(n: int) -> None:
    person = drawing.buyer(n)
    with single_statements() as connection:
        payer = UserPays(user_id=person.id, actor=f"user:{person.ref}")
        service.draw(connection, payer, Integers(minimum=0, maximum=9, n=n))


def plant(damage: str) -> None:
    """Do what the database refuses otherwise."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(damage))


def test_draws_that_were_paid_for_break_nothing() -> None:
    draw(1)
    draw(7)
    assert broken() == set()


@pytest.mark.broken_books
@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE draws SET credits = 2", "A16"),
        ("UPDATE draws SET transaction_id = 0", "A16"),
        ("UPDATE draws SET ref = 'drw_other'", "A16"),
        ("UPDATE draws SET user_id = user_id + 1", "A16"),
        ("UPDATE transactions SET kind = 'grant' WHERE kind = 'spend'", "A16"),
        ("DELETE FROM draws", "A17"),
        ("UPDATE draws SET ref = 'drw_other'", "A17"),
    ],
)
def test_a_planted_violation_is_found(damage: str, found: str) -> None:
    draw(3)
    plant(damage)
    assert found in broken()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE draws SET n = 0",
        "UPDATE draws SET n = 4",
        "UPDATE draws SET credits = 0",
        "UPDATE draws SET type = 'dice'",
        "UPDATE draws SET transaction_id = NULL",
    ],
)
def test_the_database_refuses_a_draw_that_contradicts_itself(damage: str) -> None:
    draw(3)
    with pytest.raises(IntegrityError, match="violates"):
        plant(damage)


@pytest.mark.parametrize("change", ["UPDATE draws SET values = '[1, 2, 3]'", "DELETE FROM draws", "TRUNCATE draws"])
def test_what_was_drawn_is_never_changed(change: str) -> None:
    draw(3)
    with pytest.raises(IntegrityError, match="append-only"), transaction() as session:
        session.execute(text(change))
