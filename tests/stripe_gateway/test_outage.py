"""The breaker that the web processes share, and the worker's probe that closes it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from randonumber import clock
from randonumber.stripe_gateway import StripeUnavailable
from randonumber.stripe_gateway.jobs import probe
from randonumber.stripe_gateway.outage import SharedBreaker, take_probe

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox


def fail(breaker: SharedBreaker) -> None:
    breaker.enter()
    breaker.failed()


def test_the_third_failure_of_all_processes_opens_it_for_all(committed: Flask) -> None:
    one, other = SharedBreaker(), SharedBreaker()
    fail(one)
    fail(other)
    fail(one)
    for breaker in (one, other, SharedBreaker()):
        with pytest.raises(StripeUnavailable, match="breaker open"):
            breaker.enter()


def test_an_answer_in_between_begins_the_count_anew(committed: Flask) -> None:
    one, other = SharedBreaker(), SharedBreaker()
    fail(one)
    fail(one)
    other.enter()
    other.answered()
    fail(one)
    other.enter()


def test_after_ten_seconds_one_alone_may_try(committed: Flask) -> None:
    one, other = SharedBreaker(), SharedBreaker()
    for _ in range(3):
        fail(one)
    with clock.frozen(clock.now() + timedelta(seconds=11)):
        other.enter()
        with pytest.raises(StripeUnavailable):
            one.enter()


def test_the_worker_probes_while_it_is_open_and_keeps_visitors_from_trying(committed: Flask) -> None:
    breaker = SharedBreaker()
    assert not take_probe()
    for _ in range(3):
        fail(breaker)
    assert take_probe()
    with clock.frozen(clock.now() + timedelta(seconds=11)), pytest.raises(StripeUnavailable):
        breaker.enter()


def test_a_request_that_fails_during_a_probe_does_not_let_a_visitor_try(committed: Flask) -> None:
    breaker = SharedBreaker()
    for _ in range(3):
        fail(breaker)
    assert take_probe()
    breaker.failed()
    with clock.frozen(clock.now() + timedelta(seconds=11)), pytest.raises(StripeUnavailable):
        breaker.enter()


def test_the_probe_closes_it_when_stripe_answers(committed: Flask, sandbox: StripeSandbox) -> None:
    breaker = SharedBreaker()
    for _ in range(3):
        fail(breaker)
    sandbox.fault("GET /v1/balance", "reset_before")
    probe(timestamp=0)
    with pytest.raises(StripeUnavailable):
        breaker.enter()
    probe(timestamp=0)
    breaker.enter()
