"""What the database itself refuses in the journal, and what `ledger check` says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError

from randonumber import calls
from randonumber.calls.checks import STOPPED_QUEUE, UNKNOWN_CALLS
from randonumber.calls.stops import stop
from randonumber.database import transaction
from tests.calls.operations import Told, plan_customer, register_customer

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox

REFUSED = (IntegrityError, InternalError, ProgrammingError)


@pytest.fixture
def told(committed: Flask) -> Told:
    return register_customer(committed)


def run(statement: str) -> None:
    with transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "change",
    [
        "params = '{}'",
        "key = 'another'",
        "ref = 'usr_2'",
        "operation = 'other'",
        "attempt = 7",
        "stripe_account = 'acct_1'",
        "status = 'done'",
        "status = 'ok'",
        "status = 'sent'",
        "closed_at = now()",
    ],
)
def test_what_was_planned_is_frozen_and_a_state_is_whole(change: str, told: Told) -> None:
    plan_customer()

    with pytest.raises(REFUSED):
        run(f"UPDATE stripe_calls SET {change}")  # noqa: S608 - the table above


def test_a_closed_attempt_stays_closed(told: Told, sandbox: StripeSandbox) -> None:
    calls.drive(plan_customer())

    with pytest.raises(REFUSED):
        run("UPDATE stripe_calls SET status = 'sent', closed_at = NULL")


def test_two_attempts_of_one_thing_are_never_open_at_once(told: Told) -> None:
    plan_customer()

    with pytest.raises(REFUSED):
        run(
            "INSERT INTO stripe_calls (operation, ref, attempt, key, params, planned_at)"
            " SELECT operation, ref, 2, key || '2', params, planned_at FROM stripe_calls"
        )


def test_there_is_one_installation(committed: Flask) -> None:
    statement = "INSERT INTO installation (only, key) VALUES ({}, 'aaaaaaaaaaaa')"
    for only in ("true", "false"):
        with pytest.raises(REFUSED):
            run(statement.format(only))


def test_a_call_that_is_unknown_for_over_15_minutes_breaks_l02(told: Told) -> None:
    plan_customer()
    assert broken(UNKNOWN_CALLS.sql) == 0

    run("UPDATE stripe_calls SET planned_at = now() - interval '16 minutes'")

    assert broken(UNKNOWN_CALLS.sql) == 1


def test_a_call_that_waits_for_an_operator_breaks_l02_at_once(told: Told) -> None:
    plan_customer()
    run("UPDATE stripe_calls SET due_at = NULL")

    assert broken(UNKNOWN_CALLS.sql) == 1


def test_a_stopped_queue_breaks_l06(told: Told) -> None:
    with transaction() as session:
        stop(session, None, 401)

    assert broken(STOPPED_QUEUE.sql) == 1


def broken(sql: str) -> int:
    with transaction() as session:
        return len(session.execute(text(sql)).all())
