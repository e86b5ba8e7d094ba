"""Stored events have their effect exactly once, in any order, and a poisoned one harms no other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber import clock, failpoints, inbox
from randonumber.database import TransactionOpen, refuse_inside_transaction, transaction
from randonumber.inbox import dispatch, jobs
from randonumber.inbox.checks import PENDING_EVENTS
from randonumber.ledger import Move, accounts
from randonumber.ledger import post as post_to_ledger
from randonumber.stripe_gateway import StripeUnavailable
from tests.inbox.signing import event, post, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from tests.stripe_fixtures import RunJobs

    Register = Callable[[Callable[[inbox.StripeEvent], inbox.Effect | None]], None]


@pytest.fixture
def handled_by(committed: Flask) -> Iterator[Register]:
    """Yield what registers a handler of `test.happened` for this test."""

    def register(handler: Callable[[inbox.StripeEvent], inbox.Effect | None]) -> None:
        inbox.register(committed, "test.happened", handler)

    yield register
    committed.extensions["event_handlers"].pop("test.happened", None)


def one_cent(found: inbox.StripeEvent) -> inbox.Effect:
    """Book one cent for an event, under the event's id."""

    def effect(session: Session) -> None:
        move = Move(source=accounts.STRIPE_BALANCE, destination=accounts.UNMATCHED, amount=1)
        post_to_ledger(session, kind="unmatched", ref=found.id, entries=[move], actor=found.actor)

    return effect


def booked() -> int:
    with transaction() as session:
        found = session.execute(text("SELECT count(*) FROM transactions WHERE actor LIKE 'event:%'"))
        return int(found.scalar_one())


def test_an_event_has_its_effect_and_is_done_in_one_transaction(
    handled_by: Register, client: FlaskClient, run_jobs: RunJobs
) -> None:
    handled_by(one_cent)
    post(client, event("evt_1"))

    run_jobs()

    assert booked() == 1
    assert stored()[0].status == "done"


def test_a_handler_runs_with_no_transaction_open_and_sees_the_event(
    handled_by: Register, client: FlaskClient, run_jobs: RunJobs
) -> None:
    seen: list[inbox.StripeEvent] = []

    def handler(found: inbox.StripeEvent) -> None:
        refuse_inside_transaction()
        seen.append(found)

    handled_by(handler)
    post(client, event("evt_1"))
    run_jobs()

    assert (seen[0].id, seen[0].object_id, seen[0].data["object"], seen[0].actor) == (
        "evt_1",
        "obj_1",
        "thing",
        "event:evt_1",
    )
    assert (stored()[0].status, stored()[0].reason) == ("ignored", "not ours")


def test_an_effect_may_not_call_out(handled_by: Register, client: FlaskClient, run_jobs: RunJobs) -> None:
    handled_by(lambda _: lambda _session: refuse_inside_transaction())
    post(client, event("evt_1"))

    with pytest.raises(TransactionOpen):
        run_jobs()


def test_dispatching_one_event_from_eight_workers_books_it_once(
    handled_by: Register, client: FlaskClient, committed: Flask
) -> None:
    handled_by(one_cent)
    post(client, event("evt_1"))

    def work() -> None:
        with committed.app_context():
            dispatch.dispatch("evt_1")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert booked() == 1
    assert stored()[0].status == "done"


def test_dying_before_the_effect_leaves_the_event_to_the_next_worker(
    handled_by: Register, client: FlaskClient, run_jobs: RunJobs
) -> None:
    handled_by(one_cent)
    post(client, event("evt_1"))
    failpoints.arm({"before_effect": "raise"})
    with pytest.raises(failpoints.FailpointRaised):
        dispatch.dispatch("evt_1")

    run_jobs()

    assert booked() == 1


def test_an_effect_that_raises_leaves_nothing_behind_and_is_tried_again(
    handled_by: Register, client: FlaskClient, run_jobs: RunJobs
) -> None:
    tries: list[int] = []

    def handler(found: inbox.StripeEvent) -> inbox.Effect:
        def effect(session: Session) -> None:
            one_cent(found)(session)
            tries.append(1)
            if len(tries) == 1:
                raise ZeroDivisionError

        return effect

    handled_by(handler)
    post(client, event("evt_1"))

    run_jobs(may_fail=True)
    assert booked() == 0
    assert (stored()[0].status, stored()[0].tries, stored()[0].reason) == ("pending", 1, "ZeroDivisionError")
    assert stored()[0].due_at > clock.now()

    run_jobs(early=True)
    assert booked() == 1
    assert stored()[0].status == "done"


def test_a_poisoned_event_dies_after_its_last_try_and_the_others_pass(
    handled_by: Register, client: FlaskClient, run_jobs: RunJobs, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(found: inbox.StripeEvent) -> inbox.Effect:
        if found.id == "evt_poison":
            raise ZeroDivisionError
        return one_cent(found)

    handled_by(handler)
    for name in ("evt_a", "evt_poison", "evt_z"):
        post(client, event(name))

    for _ in range(dispatch.TRIES):
        run_jobs(early=True, may_fail=True)

    assert {row.id: row.status for row in stored()} == {"evt_a": "done", "evt_poison": "dead", "evt_z": "done"}
    assert "event_dead" in caplog.text
    with transaction() as session:
        assert [row.id for row in session.execute(text(PENDING_EVENTS.sql))] == ["evt_poison"]


def test_stripe_being_down_costs_an_event_no_try(handled_by: Register, client: FlaskClient, run_jobs: RunJobs) -> None:
    def handler(_: inbox.StripeEvent) -> inbox.Effect:
        reason = "down"
        raise StripeUnavailable(reason)

    handled_by(handler)
    post(client, event("evt_1"))
    for _ in range(dispatch.TRIES + 2):
        run_jobs(early=True)

    (row,) = stored()
    assert (row.status, row.tries, row.reason) == ("pending", 0, "Stripe: down")


def test_while_stripe_is_down_a_round_over_many_events_ends_early(handled_by: Register, client: FlaskClient) -> None:
    asked: list[str] = []

    def handler(found: inbox.StripeEvent) -> inbox.Effect:
        asked.append(found.id)
        reason = "down"
        raise StripeUnavailable(reason)

    handled_by(handler)
    for _ in range(10):
        post(client, event())

    assert jobs.dispatch_all_due() == len(asked) == 3


def test_every_handler_of_a_type_has_its_effect_in_the_same_transaction(
    handled_by: Register, client: FlaskClient, run_jobs: RunJobs
) -> None:
    seen: list[Any] = []
    for _ in range(2):
        handled_by(lambda _: seen.append)
    handled_by(lambda _: None)
    post(client, event("evt_1"))

    run_jobs()

    assert len(seen) == 2
    assert seen[0] is seen[1]


def test_a_replayed_event_has_its_effect_once(handled_by: Register, client: FlaskClient, run_jobs: RunJobs) -> None:
    handled_by(one_cent)
    post(client, event("evt_1"))
    run_jobs()

    with transaction() as session:
        assert dispatch.replay(session, "evt_1")
    run_jobs()

    assert booked() == 1
    assert stored()[0].status == "done"


def test_an_event_whose_job_was_lost_is_found_by_the_sweep(
    handled_by: Register, client: FlaskClient, run_jobs: RunJobs
) -> None:
    handled_by(one_cent)
    post(client, event("evt_1"))
    with transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))

    assert jobs.dispatch_all_due() == 1
    assert booked() == 1
