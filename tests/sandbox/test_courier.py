"""The thread that carries webhooks: quiet when there is nothing to do, and not held up by one slow endpoint."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import clock, courier, delivery, inprocess
from randonumber.sandbox.courier import Courier
from randonumber.sandbox.delivery import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import stripe
    from flask import Flask


@pytest.fixture
def carrying(sandbox: Flask) -> Iterator[Courier]:
    found = Courier(inprocess.sandbox_of(sandbox))
    found.start()
    yield found
    found.stop()


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


def test_it_looks_only_when_there_is_something_to_do(
    carrying: Courier, sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    look = delivery.due

    def counted(*given: Any, **named: Any) -> Any:
        looks.append(time.monotonic())
        return look(*given, **named)

    monkeypatch.setattr(delivery, "due", counted)
    monkeypatch.setattr(courier, "post", lambda _: Outcome(status=200, answer=""))
    sdk.v1.customers.list()
    time.sleep(0.5)
    assert looks == [], "reading wakes nobody"
    sdk.v1.customers.create({})
    until(lambda: sdk.v1.events.list().data[0].pending_webhooks == 0)
    time.sleep(0.5)
    assert 1 <= len(looks) <= 4


def test_a_slow_endpoint_does_not_hold_up_the_next_event(
    carrying: Courier, sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = time.monotonic() + 3

    def post(one: delivery.Delivery) -> Outcome:
        if b'"slow"' in one.body:
            time.sleep(max(slow - time.monotonic(), 0))
        return Outcome(status=200, answer="")

    monkeypatch.setattr(courier, "post", post)
    sdk.v1.customers.create({"name": "slow"})
    sdk.v1.customers.create({"name": "quick"})
    until(lambda: sdk.v1.events.list().data[0].pending_webhooks == 0)
    quick, late = sdk.v1.events.list().data
    assert quick.data["object"]["name"] == "quick"
    assert late.pending_webhooks == 1
    until(lambda: sdk.v1.events.list({"delivery_success": False}).data == [])


def test_what_the_clock_does_is_told_without_anybody_asking(
    carrying: Courier, sandbox: Flask, sdk: stripe.StripeClient, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bytes] = []

    def post(one: delivery.Delivery) -> Outcome:
        told.append(one.body)
        return Outcome(status=200, answer="")

    monkeypatch.setattr(courier, "post", post)
    own = inprocess.sandbox_of(sandbox)
    with own.store.transaction():
        clock.advance(own.store, session.expires_at - clock.sandbox_now(own.store) - 1)
    own.wake.set()
    until(lambda: any(b"checkout.session.expired" in body for body in told))


def test_nobody_listening_is_an_outcome() -> None:
    nobody = delivery.Delivery(id=1, event_id="evt_1", url="http://127.0.0.1:9/", headers={}, body=b"{}")
    outcome = courier.post(nobody)
    assert outcome.status is None
    assert not outcome.taken
    assert "ConnectionRefusedError" in outcome.answer


def test_an_address_where_nobody_answers_is_asked_now_and_then_and_gets_everything_when_it_is_back(
    carrying: Courier, sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts: list[tuple[float, bool]] = []
    away = threading.Event()
    away.set()

    def post(one: delivery.Delivery) -> Outcome:
        posts.append((time.monotonic(), away.is_set()))
        return Outcome(status=None if away.is_set() else 200, answer="")

    monkeypatch.setattr(courier, "post", post)
    for _ in range(40):
        sdk.v1.customers.create({})
    until(lambda: len(posts) > 3 * courier.AT_ONCE)
    lasted = posts[-1][0] - posts[0][0]
    assert len(posts) <= courier.AT_ONCE * (lasted / courier.CLOSED_SECONDS + 2), "a few each time it is asked again"
    away.clear()
    until(lambda: sdk.v1.events.list({"delivery_success": False}).data == [])


def test_one_address_that_is_away_holds_up_no_other(
    carrying: Courier, sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def post(one: delivery.Delivery) -> Outcome:
        if one.url.endswith("/here"):
            told.append(one.event_id)
        return Outcome(status=200 if one.url.endswith("/here") else None, answer="")

    monkeypatch.setattr(courier, "post", post)
    sdk.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/here", "enabled_events": ["*"]})
    for _ in range(20):
        sdk.v1.customers.create({})
    until(lambda: len(told) == 20)


def test_it_goes_on_after_something_failed(
    carrying: Courier, sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, look = [0], delivery.due

    def failing(*given: Any, **named: Any) -> Any:
        looks[0] += 1
        if looks[0] == 1:
            raise KeyError
        return look(*given, **named)

    monkeypatch.setattr(delivery, "due", failing)
    monkeypatch.setattr(courier, "SICK_SECONDS", 0.01)
    monkeypatch.setattr(courier, "post", lambda _: Outcome(status=200, answer=""))
    sdk.v1.customers.create({})
    until(lambda: sdk.v1.events.list().data[0].pending_webhooks == 0)
