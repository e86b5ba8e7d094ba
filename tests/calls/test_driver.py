"""The driver against the sandbox: each fault ends in its required state (reliability.md section 5.1)."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber import calls, clock, failpoints
from randonumber.calls import Outcome, jobs, stops
from randonumber.calls.driver import drive_due
from randonumber.database import TransactionOpen, transaction
from randonumber.stripe_gateway.breaker import WEB_FAILURES
from randonumber.stripe_gateway.outage import SharedBreaker
from tests.calls.operations import (
    CREATE_CUSTOMER,
    CREATE_SESSION,
    Told,
    change,
    journal,
    plan_customer,
    register_customer,
    register_session,
    session_params,
)
from tests.stripe_fixtures import hurry

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import RunJobs, StripeSandbox


@pytest.fixture
def told(committed: Flask) -> Told:
    return register_customer(committed)


def customers(sandbox: StripeSandbox) -> list[Any]:
    return list(sandbox.client.v1.customers.list({"limit": 100}).data)


def test_a_planned_call_is_sent_once_and_settled(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()

    assert calls.drive(call_id) is Outcome.OK

    (customer,) = customers(sandbox)
    assert told.settled == [("usr_1", customer.id)]
    assert customer.metadata.to_dict() == {"ref": "usr_1"}
    (row,) = journal()
    assert (row.status, row.result_id, row.sends, row.due_at) == ("ok", customer.id, 1, None)


def test_driving_a_settled_call_again_does_nothing(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()
    calls.drive(call_id)

    assert calls.drive(call_id) is Outcome.OK
    assert len(told.settled) == len(sandbox.sent(CREATE_CUSTOMER)) == 1


def test_the_key_names_installation_operation_ref_and_attempt(told: Told, sandbox: StripeSandbox) -> None:
    calls.drive(plan_customer())

    (sent,) = sandbox.sent(CREATE_CUSTOMER)
    assert sent.key is not None
    install, rest = sent.key.split(":", 1)
    assert len(install) == 12
    assert rest == "customer.create:usr_1:1"


def test_planning_an_open_call_again_returns_it_with_its_own_parameters(told: Told, sandbox: StripeSandbox) -> None:
    first = plan_customer()

    assert plan_customer(email="other@example.com") == first

    calls.drive(first)
    assert customers(sandbox)[0].email == "buyer@example.com"


def test_planning_after_the_end_begins_the_next_attempt(told: Told, sandbox: StripeSandbox) -> None:
    calls.drive(plan_customer())

    second = plan_customer()

    assert calls.drive(second) is Outcome.OK
    assert [row.attempt for row in journal()] == [1, 2]
    assert len({sent.key for sent in sandbox.sent(CREATE_CUSTOMER)}) == 2


def test_a_plan_that_is_rolled_back_was_never_there(told: Told, sandbox: StripeSandbox, run_jobs: RunJobs) -> None:
    with transaction() as session:
        calls.plan(session, operation="customer.create", ref="usr_1", params={"email": "a@example.com"})
        session.rollback()

    run_jobs(early=True)
    assert journal() == []
    assert sandbox.exchanges == []


def test_a_refusal_closes_the_call_and_tells_the_feature(committed: Flask, sandbox: StripeSandbox) -> None:
    told = register_session(committed)
    with transaction() as session:
        call_id = calls.plan(
            session, operation="checkout_session.create", ref="pur_1", params=session_params("cus_gone")
        )

    assert calls.drive(call_id) is Outcome.REFUSED

    assert told.refused == [("pur_1", "resource_missing")]
    assert journal()[0].status == "refused"


def test_a_call_is_never_driven_inside_a_transaction(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()

    with pytest.raises(TransactionOpen), transaction():
        calls.drive(call_id)


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "truncate", "error_429", "error_409", "error_500"])
def test_a_fault_that_passes_ends_with_one_object_and_one_settle(
    fault: str, told: Told, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    sandbox.fault(CREATE_CUSTOMER, fault)
    call_id = plan_customer()

    assert calls.drive(call_id) is Outcome.UNKNOWN
    assert told.settled == []

    bring_to_the_end(run_jobs)
    assert len(customers(sandbox)) == 1
    assert told.settled == [("usr_1", customers(sandbox)[0].id)]


def test_an_answer_slower_than_our_patience_is_resent_with_the_same_key(
    told: Told, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    sandbox.fault(CREATE_CUSTOMER, "slow", seconds=25)
    assert calls.drive(plan_customer()) is Outcome.UNKNOWN

    bring_to_the_end(run_jobs)
    assert len(customers(sandbox)) == len(told.settled) == 1
    assert len({sent.key for sent in sandbox.sent(CREATE_CUSTOMER)}) == 1


def test_a_sticky_500_with_the_effect_done_is_found_and_settled(
    told: Told, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    sandbox.fault(CREATE_CUSTOMER, "error_500_done")
    assert calls.drive(plan_customer()) is Outcome.UNKNOWN

    bring_to_the_end(run_jobs)

    (customer,) = customers(sandbox)
    assert told.settled == [("usr_1", customer.id)]
    assert [row.status for row in journal()] == ["ok"]
    assert len(sandbox.sent(CREATE_CUSTOMER)) == 3


def test_a_sticky_500_without_effect_leads_to_the_next_attempt_under_a_new_key(
    told: Told, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    sandbox.fault(CREATE_CUSTOMER, "error_500")
    call_id = plan_customer()
    assert calls.drive(call_id) is Outcome.UNKNOWN

    bring_to_the_end(run_jobs)

    assert [(row.attempt, row.status) for row in journal()] == [(1, "void"), (2, "ok")]
    assert len(customers(sandbox)) == len(told.settled) == 1
    assert calls.drive(call_id) is Outcome.OK, "the first call's id leads to what followed"


def test_nothing_is_looked_up_before_the_quiet_time(told: Told, sandbox: StripeSandbox) -> None:
    sandbox.fault(CREATE_CUSTOMER, "error_500_done")
    call_id = plan_customer()
    calls.drive(call_id)
    change(server_errors=3, last_sent_at=clock.now(), due_at=clock.now())

    assert drive_due(call_id) is Outcome.UNKNOWN

    assert sandbox.sent("GET /v1/customers") == []
    assert journal()[0].due_at > clock.now()


def test_a_look_up_that_fails_proves_nothing(told: Told, sandbox: StripeSandbox) -> None:
    sandbox.fault(CREATE_CUSTOMER, "error_500_done")
    call_id = plan_customer()
    calls.drive(call_id)
    change(server_errors=3, last_sent_at=clock.now() - timedelta(seconds=5), due_at=clock.now())
    sandbox.fault("GET /v1/customers", "reset_before")

    assert drive_due(call_id) is Outcome.UNKNOWN
    assert [row.status for row in journal()] == ["sent"]


def test_a_key_older_than_23_hours_is_looked_up_and_never_sent_again(told: Told, sandbox: StripeSandbox) -> None:
    sandbox.fault(CREATE_CUSTOMER, "reset_after")
    call_id = plan_customer()
    calls.drive(call_id)
    long_ago = clock.now() - timedelta(hours=25)
    change(first_sent_at=long_ago, last_sent_at=long_ago, due_at=clock.now())

    assert drive_due(call_id) is Outcome.OK

    assert len(sandbox.sent(CREATE_CUSTOMER)) == 1
    assert told.settled == [("usr_1", customers(sandbox)[0].id)]


def test_a_key_that_stripe_forgot_too_early_does_no_harm_after_a_look_up(told: Told, sandbox: StripeSandbox) -> None:
    sandbox.fault(CREATE_CUSTOMER, "key_ttl", seconds=1, times=5)
    sandbox.fault(CREATE_CUSTOMER, "reset_after")
    call_id = plan_customer()
    calls.drive(call_id)
    long_ago = clock.now() - timedelta(hours=24)
    change(first_sent_at=long_ago, last_sent_at=long_ago, due_at=clock.now())
    sandbox.advance(86_400 * 2)

    assert drive_due(call_id) is Outcome.OK
    assert len(customers(sandbox)) == 1


def test_a_denied_key_stops_the_queue_and_releases_nothing(
    told: Told, sandbox: StripeSandbox, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = stripe.AuthenticationError("Invalid API Key", http_status=401)
    first, second = plan_customer(), plan_customer(ref="usr_2")
    with monkeypatch.context() as patch:
        patch.setattr(sandbox.transport, "request", raising(denied))
        assert calls.drive(first) is Outcome.UNKNOWN
    assert journal()[0].alarm is not None

    assert calls.drive(second) is Outcome.UNKNOWN, "the queue stands still"
    assert sandbox.exchanges == []

    with transaction() as session:
        stops.resume(session, None)
    run_jobs(early=True)
    assert [row.status for row in journal()] == ["ok", "ok"]


def test_a_new_key_starts_the_queue_again(
    told: Told, sandbox: StripeSandbox, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        stops.stop(session, None, 401)
    call_id = plan_customer()
    assert calls.drive(call_id) is Outcome.UNKNOWN

    from dataclasses import replace

    monkeypatch.setitem(
        committed.extensions, "config", replace(committed.extensions["config"], stripe_secret_key="sk_test_other")
    )
    assert calls.drive(call_id) is Outcome.OK


def test_the_same_key_with_other_parameters_stays_and_alarms(
    told: Told, sandbox: StripeSandbox, run_jobs: RunJobs, caplog: pytest.LogCaptureFixture
) -> None:
    call_id = plan_customer()
    key = journal()[0].key
    sandbox.client.v1.customers.create({"email": "another@example.com"}, {"idempotency_key": key})

    assert calls.drive(call_id) is Outcome.UNKNOWN
    run_jobs(early=True)

    (row,) = journal()
    assert (row.status, row.due_at, row.sends) == ("sent", None, 1)
    assert "stripe_call_alarm" in caplog.text
    assert told.settled == []


def raising(error: Exception) -> Any:
    def request(*_: Any, **__: Any) -> Any:
        raise error

    return request


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_a_process_that_dies_at_any_step_leaves_a_call_that_ends_once(
    point: str, told: Told, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    call_id = plan_customer()
    failpoints.arm({point: "raise"})
    with pytest.raises(failpoints.FailpointRaised):
        calls.drive(call_id)
    change_open(lease_until=clock.now())

    run_jobs(early=True)

    assert [row.status for row in journal()] == ["ok"]
    assert len(customers(sandbox)) == len(told.settled) == 1


def test_a_bug_while_settling_rolls_back_and_holds_up_no_other_call(
    committed: Flask, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    told = register_customer(committed)
    good = calls.Operation(name="customer.create", settled=broken_for("usr_1", told), refused=lambda *_: None)
    calls.register(committed, good)
    plan_customer(ref="usr_1")
    plan_customer(ref="usr_2", email="second@example.com")

    run_jobs(early=True, may_fail=True)

    rows = {row.ref: row for row in journal()}
    assert rows["usr_2"].status == "ok"
    assert (rows["usr_1"].status, rows["usr_1"].alarm) == ("sent", "handling failed: ZeroDivisionError")


def broken_for(ref: str, told: Told) -> Any:
    def settled(_session: Any, call: calls.Call, result: Any) -> None:
        if call.ref == ref:
            raise ZeroDivisionError
        told.settled.append((call.ref, result["id"]))

    return settled


def test_of_two_drivers_at_once_one_asks_and_both_learn_the_outcome(
    committed: Flask, told: Told, sandbox: StripeSandbox
) -> None:
    call_id = plan_customer()
    outcomes: list[Outcome] = []

    def drive() -> None:
        with committed.app_context():
            outcomes.append(calls.drive(call_id))

    threads = [threading.Thread(target=drive) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == [Outcome.OK] * 8
    assert len(sandbox.sent(CREATE_CUSTOMER)) == len(told.settled) == 1


def test_a_person_does_not_wait_for_another_driver_while_stripe_is_silent(
    committed: Flask, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = plan_customer()
    change(lease_until=clock.now() + timedelta(minutes=1))
    breaker = SharedBreaker()
    for _ in range(WEB_FAILURES):
        breaker.failed()
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("waited"))

    with committed.test_request_context():
        assert calls.drive(call_id) is Outcome.UNKNOWN


def test_a_late_write_after_the_lease_passed_on_is_refused(told: Told, sandbox: StripeSandbox) -> None:
    call_id = plan_customer()
    transport_request = sandbox.transport.request

    def overtaken(*given: Any, **more: Any) -> Any:
        answer = transport_request(*given, **more)
        if not told.settled:
            sandbox.transport.request = transport_request  # type: ignore[method-assign]
            change(lease_until=clock.now() - timedelta(seconds=1), due_at=clock.now() - timedelta(seconds=1))
            assert drive_due(call_id) is Outcome.OK
        return answer

    sandbox.transport.request = overtaken  # type: ignore[method-assign]
    assert calls.drive(call_id) is Outcome.UNKNOWN, "the first driver writes nothing"

    assert len(told.settled) == 1
    assert journal()[0].status == "ok"


def test_stripe_down_for_long_is_asked_less_often_and_ends_when_it_returns(
    told: Told, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    sandbox.fault(CREATE_CUSTOMER, "reset_before", times=4)
    for number in range(6):
        plan_customer(ref=f"usr_{number}", email=f"u{number}@example.com")
    hurry()

    assert jobs.drive_all_due() == 3, "after three in a row the round ends"

    for _ in range(8):
        run_jobs(early=True)
    assert {row.status for row in journal()} == {"ok"}
    assert len(customers(sandbox)) == len(told.settled) == 6


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "truncate", "error_500", "error_500_done"])
def test_a_checkout_session_ends_once_whatever_happened_to_its_call(
    fault: str, committed: Flask, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    told = register_session(committed)
    customer = sandbox.client.v1.customers.create({"email": "buyer@example.com"}).id
    sandbox.fault(CREATE_SESSION, fault)
    with transaction() as session:
        call_id = calls.plan(session, operation="checkout_session.create", ref="pur_1", params=session_params(customer))

    assert calls.drive(call_id) is Outcome.UNKNOWN
    bring_to_the_end(run_jobs)

    sessions = sandbox.client.v1.checkout.sessions.list({"customer": customer}).data
    assert told.settled == [("pur_1", sessions[0].id)]
    assert len(sessions) == 1


def change_open(**columns: Any) -> None:
    if journal()[0].closed_at is None:
        change(**columns)


def bring_to_the_end(run_jobs: RunJobs, rounds: int = 6) -> None:
    """Let the worker go on, moving the last request into the past in place of waiting for the quiet time."""
    for _ in range(rounds):
        if all(row.closed_at for row in journal()):
            return
        change_open(last_sent_at=clock.now() - timedelta(seconds=5))
        run_jobs(early=True)
    assert all(row.closed_at for row in journal()), journal()
