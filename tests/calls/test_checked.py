"""What a feature wants to know before anything goes out: asked once, and nothing goes out without it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber import calls
from randonumber.calls import Outcome, Refusal
from randonumber.calls.operations import get_operation
from randonumber.database import refuse_inside_transaction, transaction
from randonumber.stripe_gateway import StripeUnavailable
from tests.calls.operations import CREATE_CUSTOMER, change, journal, plan_customer, register_customer

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.calls import Call
    from tests.calls.operations import Told
    from tests.stripe_fixtures import StripeSandbox

NO = Refusal(code="not_now", message="It may not go out.", param=None, status=0)


@dataclass(kw_only=True)
class Asked:
    """The check of an operation: what it answers, and how often it was asked."""

    answers: list[Refusal | Exception | None] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    unsent: list[int] = field(default_factory=list)

    def check(self, call: Call) -> Refusal | None:
        refuse_inside_transaction()
        self.attempts.append(call.attempt)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def told(committed: Flask) -> Told:
    return register_customer(committed)


@pytest.fixture
def asked(committed: Flask, told: Told) -> Asked:
    asked = Asked()

    def unsent(_session: Any, call: Call) -> None:
        asked.unsent.append(call.attempt)

    operation = get_operation(committed, "customer.create", "usr_1")
    calls.register(committed, replace(operation, check=asked.check, unsent=unsent))
    return asked


def test_a_call_that_may_go_out_goes_out(asked: Asked, told: Told, sandbox: StripeSandbox) -> None:
    assert calls.drive(plan_customer()) is Outcome.OK
    assert (asked.attempts, len(told.settled)) == ([1], 1)


def test_one_that_may_not_is_refused_and_nothing_was_sent(asked: Asked, told: Told, sandbox: StripeSandbox) -> None:
    asked.answers = [NO]
    assert calls.drive(plan_customer()) is Outcome.REFUSED
    assert told.refused == [("usr_1", "not_now")]
    assert sandbox.sent(CREATE_CUSTOMER) == []


def test_without_an_answer_nothing_goes_out_and_the_same_attempt_asks_again(
    asked: Asked, told: Told, sandbox: StripeSandbox
) -> None:
    asked.answers = [StripeUnavailable("silence"), None]
    call_id = plan_customer()
    assert calls.drive(call_id) is Outcome.UNKNOWN
    assert (sandbox.sent(CREATE_CUSTOMER), asked.unsent) == ([], [1])
    assert [(row.attempt, row.status, row.sends) for row in journal()] == [(1, "planned", 0)]
    change(due_at=journal()[0].planned_at)
    assert calls.drive(call_id) is Outcome.OK
    assert (asked.attempts, len(told.settled)) == ([1, 1], 1)


def test_what_was_held_back_goes_out_under_the_key_that_a_backup_knows(
    asked: Asked, told: Told, sandbox: StripeSandbox
) -> None:
    asked.answers = [StripeUnavailable("silence"), None]
    call_id = plan_customer()
    backup = dict(journal()[0]._mapping)
    assert calls.drive(call_id) is Outcome.UNKNOWN
    change(due_at=backup["planned_at"])
    assert calls.drive(call_id) is Outcome.OK
    restore(backup)
    assert calls.drive(call_id) is Outcome.OK
    assert len(sandbox.client.v1.customers.list().data) == 1


def restore(backup: dict[str, Any]) -> None:
    """Bring the journal back to what it was."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("DELETE FROM stripe_calls WHERE id <> :id"), backup)
        changed = ", ".join(f"{name} = :{name}" for name in backup if name != "id")
        session.execute(text(f"UPDATE stripe_calls SET {changed} WHERE id = :id"), backup)  # noqa: S608 - names


def test_what_was_sent_before_is_never_held_back(asked: Asked, told: Told, sandbox: StripeSandbox) -> None:
    sandbox.fault(CREATE_CUSTOMER, "reset_after")
    asked.answers = [None, NO]
    call_id = plan_customer()
    assert calls.drive(call_id) is Outcome.UNKNOWN
    change(due_at=journal()[0].planned_at, last_sent_at=journal()[0].planned_at)
    assert calls.drive(call_id) is Outcome.OK
    assert (asked.attempts, len(told.settled), told.refused) == ([1], 1, [])
