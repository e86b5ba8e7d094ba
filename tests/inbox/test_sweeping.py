"""Events that the webhook never got are found in Stripe's list."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import inbox
from randonumber.database import transaction
from randonumber.inbox import jobs, sweeping
from randonumber.sandbox import inprocess
from randonumber.stripe_gateway import StripeUnavailable, reading
from tests.inbox.signing import event, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

EVENTS = "GET /v1/events"


@pytest.fixture
def handled(committed: Flask) -> Iterator[list[str]]:
    """Yield the ids of the customers whose creation had an effect."""
    had: list[str] = []

    def handle(event: inbox.StripeEvent) -> inbox.Effect:
        return lambda _session: had.append(str(event.object_id))

    inbox.register(committed, "customer.created", handle)
    yield had
    committed.extensions["event_handlers"]["customer.created"].remove(handle)


def make_customers(sandbox: StripeSandbox, number: int) -> list[str]:
    return [sandbox.client.v1.customers.create({"email": f"u{one}@example.com"}).id for one in range(number)]


def lose_deliveries(sandbox: StripeSandbox) -> None:
    inprocess.deliveries(sandbox.app)


def test_events_that_were_never_delivered_have_their_effect_after_a_sweep(
    handled: list[str], sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    made = make_customers(sandbox, 3)
    lose_deliveries(sandbox)

    assert inbox.sweep() == 3
    run_jobs()

    assert sorted(handled) == sorted(made)
    assert {row.status for row in stored()} == {"done"}


def test_what_was_delivered_is_not_stored_again(
    handled: list[str], sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    make_customers(sandbox, 2)
    deliver_webhooks()

    assert inbox.sweep() == 0
    assert inbox.sweep(everything=True) == 0
    assert len(handled) == 2


def test_an_event_that_is_swept_and_then_delivered_has_one_effect(
    handled: list[str], sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    make_customers(sandbox, 1)
    inbox.sweep()
    run_jobs()

    deliver_webhooks(copies=3)

    assert len(handled) == 1


def test_more_events_than_a_page_holds_are_all_found(handled: list[str], sandbox: StripeSandbox) -> None:
    make_customers(sandbox, 105)

    assert inbox.sweep() == 105
    assert len(sandbox.sent(EVENTS)) == 2


def test_a_second_sweep_reads_on_from_the_first_with_an_overlap(handled: list[str], sandbox: StripeSandbox) -> None:
    make_customers(sandbox, 1)
    inbox.sweep()
    with transaction() as session:
        rows = session.execute(text("SELECT now() - swept_until > interval '59 minutes' FROM inbox_sweeps")).all()
    assert [tuple(row) for row in rows] == [(True,)]

    make_customers(sandbox, 1)
    assert inbox.sweep() == 1


def test_a_sweep_that_fails_moves_nothing_forward(handled: list[str], sandbox: StripeSandbox) -> None:
    make_customers(sandbox, 1)
    sandbox.fault(EVENTS, "reset_after")

    with pytest.raises(StripeUnavailable):
        inbox.sweep()

    assert stored() == []
    assert inbox.sweep() == 1


def test_the_sweep_by_the_clock_takes_an_outage_calmly(
    handled: list[str], sandbox: StripeSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fault(EVENTS, "error_429")

    jobs.sweep.func(timestamp=0)

    assert "inbox_sweep_postponed" in caplog.text
    assert "periodic_job_failed" not in caplog.text


def test_of_the_same_fact_delivered_in_any_order_each_event_counts_once(
    handled: list[str], sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    made = make_customers(sandbox, 5)

    types = deliver_webhooks(copies=5, shuffle=7)

    assert len(types) == 25
    assert sorted(handled) == sorted(made)


def test_stripe_sync_fetches_missed_events_too(handled: list[str], sandbox: StripeSandbox, committed: Flask) -> None:
    make_customers(sandbox, 2)

    output = committed.test_cli_runner().invoke(args=["stripe", "sync"]).output

    assert "events: 2" in output
    assert len(stored()) == 2


@pytest.mark.parametrize(("object_id", "is_stored"), [("SUMMER-25", True), ("ä b", True), ("a\x00b", False)])
def test_an_object_with_an_odd_id_holds_up_no_other_event(
    committed: Flask,
    sandbox: StripeSandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    object_id: str,
    is_stored: bool,  # noqa: FBT001 - a case of the table
) -> None:
    odd = event("evt_1", kind="coupon.created", data={"object": {"id": object_id, "object": "coupon"}})
    listed = [reading.event(odd), reading.event(event("evt_2"))]
    monkeypatch.setattr(sweeping, "gateway", lambda: SimpleNamespace(list_events=lambda _since: listed))

    inbox.sweep()

    assert {row.id for row in stored()} == ({"evt_1", "evt_2"} if is_stored else {"evt_2"})
    assert ("inbox_sweep_skipped" in caplog.text) is not is_stored
