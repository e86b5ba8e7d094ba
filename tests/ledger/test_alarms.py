"""What is broken is kept until a run finds it whole, told once, and bars withdrawals; what lies too long only tells."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import db, transaction
from randonumber.ledger import alarms, checks, jobs
from randonumber.ledger.accounts import wallet
from randonumber.ledger.commands import ledger_commands
from randonumber.ledger.models import BrokenInvariant
from tests.ledger.books import pay_in
from tests.people import make_user

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.broken_books


@pytest.fixture
def user_id(committed: Flask) -> int:
    person = make_user()
    with transaction() as session:
        pay_in(session, person.id, 500)
    return person.id


@pytest.fixture
def told(committed: Flask) -> Iterator[list[list[str]]]:
    """What the operators were told, run by run."""
    heard: list[list[str]] = []

    def notice(session: Session, begun: Sequence[checks.CheckResult]) -> None:
        heard.append([result.id for result in begun])

    alarms.on_broken(notice)
    yield heard
    alarms._notices.remove(notice)


def raised(user_id: int, by: int) -> None:
    """Change a balance that nobody may change."""
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        change = text("UPDATE accounts SET balance = balance + :by WHERE code = :code")
        connection.execute(change, {"by": by, "code": wallet(user_id)})


def standing() -> list[str]:
    with transaction() as session:
        return alarms.standing(session)


def test_the_run_of_every_minute_adds_and_tells_once(
    user_id: int, told: list[list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    raised(user_id, 1)
    with caplog.at_level(logging.CRITICAL):
        jobs.recent()
        jobs.recent()
    assert standing() == ["A01"]
    assert told == [["A01"]]
    assert [record.message for record in caplog.records] == ["invariant_broken"]


def test_what_the_minute_found_is_looked_at_in_full_until_it_is_whole(user_id: int, told: list[list[str]]) -> None:
    raised(user_id, 1)
    jobs.recent()
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE transactions SET created_at = now() - interval '1 hour'"))
    jobs.recent()
    assert standing() == ["A01"], "a run of what is recent sees nothing of it: that proves nothing"
    raised(user_id, -1)
    jobs.recent()
    assert standing() == []
    raised(user_id, 1)
    jobs.everything()
    assert told == [["A01"], ["A01", "A03"]]


def test_the_run_of_the_night_adds_and_removes(user_id: int) -> None:
    raised(user_id, 1)
    jobs.everything()
    assert standing() == ["A01", "A03"]
    with transaction() as session:
        before = {row.check_id: (row.since, row.rows_broken) for row in session.query(BrokenInvariant)}
    jobs.everything()
    with transaction() as session:
        rows = session.query(BrokenInvariant).all()
        assert {row.check_id: (row.since, row.rows_broken) for row in rows} == before
        assert all(row.seen_at > row.since for row in rows)
    raised(user_id, -1)
    jobs.everything()
    assert standing() == []


def test_the_command_does_as_the_night(user_id: int, committed: Flask) -> None:
    raised(user_id, 1)
    assert committed.test_cli_runner().invoke(ledger_commands, ["check"]).exit_code == 1
    assert standing() == ["A01", "A03"]
    raised(user_id, -1)
    committed.test_cli_runner().invoke(ledger_commands, ["check"])
    assert standing() == []


def test_what_lies_too_long_bars_nobody(committed: Flask, told: list[list[str]]) -> None:
    checks.register(checks.Check(id="L99", title="planted", sql="SELECT 1 AS one"))
    try:
        jobs.everything()
    finally:
        checks.forget("L99")
    assert (standing(), told) == ([], [])


def test_a_check_that_is_gone_bars_nobody(committed: Flask) -> None:
    checks.register(checks.Check(id="A99", title="planted", sql="SELECT 1 AS one", is_quick=True))
    try:
        jobs.recent()
        assert standing() == ["A99"]
    finally:
        checks.forget("A99")
    jobs.everything()
    assert standing() == []
