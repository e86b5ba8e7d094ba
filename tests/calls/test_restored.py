"""A call out of a backup: what was sent after the backup was made is found at Stripe, and not sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import calls, clock
from randonumber.calls import Outcome
from randonumber.calls.rules import Limits, State, Status, looks_first
from randonumber.failpoints import FailpointRaised, arm
from tests.calls.operations import CREATE_CUSTOMER, Told, change, journal, plan_customer, register_customer

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox

LONG_AGO = timedelta(hours=30)


@pytest.fixture
def told(committed: Flask) -> Told:
    return register_customer(committed)


def sent_in_a_former_life(sandbox: StripeSandbox) -> str:
    """What another life of this database sent under this call's key, which Stripe has forgotten."""
    given: Any = {"email": "buyer@example.com", "metadata": {"ref": "usr_1"}}
    return str(sandbox.client.v1.customers.create(given).id)


def customers(sandbox: StripeSandbox) -> list[str]:
    return [one.id for one in sandbox.client.v1.customers.list({"limit": 100}).data]


def test_what_a_former_life_sent_is_settled_and_not_sent(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()
    change(planned_at=clock.now() - LONG_AGO)
    there = sent_in_a_former_life(sandbox)
    assert calls.drive(call_id) is Outcome.OK
    assert (customers(sandbox), told.settled) == ([there], [("usr_1", there)])
    assert sandbox.sent(CREATE_CUSTOMER) == []


def test_what_was_never_sent_is_looked_for_once_and_sent(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()
    change(planned_at=clock.now() - LONG_AGO)
    assert calls.drive(call_id) is Outcome.OK
    assert len(sandbox.sent("GET /v1/customers")) == 1
    assert len(customers(sandbox)) == len(told.settled) == 1


def test_nothing_is_sent_while_nobody_knows(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()
    change(planned_at=clock.now() - LONG_AGO)
    there = sent_in_a_former_life(sandbox)
    for _ in range(2):
        sandbox.fault("GET /v1/customers", "reset_before", times=1)
        assert calls.drive(call_id) is Outcome.UNKNOWN
        change(due_at=clock.now())
    assert sandbox.sent(CREATE_CUSTOMER) == []
    assert calls.drive(call_id) is Outcome.OK
    assert [row.status for row in journal()] == ["ok"]
    assert customers(sandbox) == [there]


def test_a_young_call_is_not_looked_for(told: Told, sandbox: StripeSandbox) -> None:
    assert calls.drive(plan_customer()) is Outcome.OK
    assert sandbox.sent("GET /v1/customers") == []


def test_only_a_first_request_so_late_is_preceded_by_a_look() -> None:
    now, limits = clock.now(), Limits(quiet_seconds=300)
    old, young = now - LONG_AGO, now - timedelta(hours=22)
    assert looks_first(State(status=Status.PLANNED, planned_at=old), now, limits)
    assert not looks_first(State(status=Status.PLANNED, planned_at=young), now, limits)
    assert not looks_first(State(status=Status.SENT, planned_at=old, first_sent_at=young), now, limits)


def test_a_process_that_dies_while_it_looks_does_not_let_the_next_one_send_blindly(
    told: Told, sandbox: StripeSandbox
) -> None:
    call_id = plan_customer()
    change(planned_at=clock.now() - LONG_AGO)
    there = sent_in_a_former_life(sandbox)
    arm({"after_lease": "raise"})
    with pytest.raises(FailpointRaised):
        calls.drive(call_id)
    change(due_at=clock.now(), lease_until=None, last_sent_at=clock.now() - timedelta(minutes=1))
    assert calls.drive(call_id) is Outcome.OK
    assert (customers(sandbox), told.settled) == ([there], [("usr_1", there)])


def test_an_unknown_request_after_a_look_is_never_followed_by_another_key(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()
    change(planned_at=clock.now() - LONG_AGO)
    sandbox.fault(CREATE_CUSTOMER, "reset_after")
    assert calls.drive(call_id) is Outcome.UNKNOWN
    for _ in range(2):
        sandbox.fault("GET /v1/customers", "reset_before", times=1)
        change(due_at=clock.now(), lease_until=None, last_sent_at=clock.now() - timedelta(minutes=1))
        assert calls.drive(call_id) is Outcome.UNKNOWN
    assert [row.status for row in journal()] == ["sent"]
    change(due_at=clock.now(), last_sent_at=clock.now() - timedelta(minutes=1))
    assert calls.drive(call_id) is Outcome.OK
    assert len(customers(sandbox)) == len(told.settled) == 1
