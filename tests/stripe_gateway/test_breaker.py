"""The breaker, with a clock that the test moves."""

from __future__ import annotations

import pytest

from randonumber.stripe_gateway import StripeUnavailable
from randonumber.stripe_gateway.breaker import Breaker, Places


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 100

    def __call__(self) -> int:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, retry_seconds=10, monotonic=clock)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed()


def test_two_failures_are_no_outage(breaker: Breaker) -> None:
    fail(breaker, 2)

    breaker.enter()


def test_the_third_failure_in_a_row_opens_it(breaker: Breaker) -> None:
    fail(breaker, 3)

    with pytest.raises(StripeUnavailable):
        breaker.enter()


def test_an_answer_in_between_begins_the_count_anew(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.enter()
    breaker.answered()
    fail(breaker, 2)

    breaker.enter()


def test_after_ten_seconds_one_alone_may_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds += 9
    with pytest.raises(StripeUnavailable):
        breaker.enter()

    clock.seconds += 1
    breaker.enter()
    with pytest.raises(StripeUnavailable):
        breaker.enter()


def test_a_try_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds += 10
    breaker.enter()
    breaker.answered()

    breaker.enter()
    breaker.enter()


def test_a_try_that_fails_keeps_it_open_for_ten_more_seconds(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds += 10
    fail(breaker, 1)
    with pytest.raises(StripeUnavailable):
        breaker.enter()

    clock.seconds += 10
    breaker.enter()


def test_one_thread_alone_still_has_a_place() -> None:
    with Places(1).take():
        pass


def test_places_are_given_back(breaker: Breaker) -> None:
    places = Places(4)
    for _ in range(5):
        with places.take(), places.take():
            pass
    with places.take(), places.take(), pytest.raises(StripeUnavailable), places.take():
        pass
