"""Limits: counted exactly, over threads and transactions, and over in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from randonumber import clock, limits
from randonumber.database import transaction
from randonumber.errors import RateLimited

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

START = clock.from_timestamp(1_800_000_000)


def passes(subject: str = "someone", name: str = "trial", *, longest_seconds: int | None = None) -> bool:
    try:
        limits.hit(None, name, subject, limit=3, per_seconds=60, longest_seconds=longest_seconds)
    except RateLimited:
        return False
    return True


@pytest.mark.asvs("2.4.1")
def test_so_many_and_no_more_until_the_window_is_over(committed: Flask) -> None:
    with clock.frozen(START):
        assert [passes() for _ in range(5)] == [True, True, True, False, False]
        assert passes("someone else")
        assert passes(name="another trial")
    with clock.frozen(START + timedelta(seconds=59)):
        assert not passes()
    with clock.frozen(START + timedelta(seconds=60)):
        assert [passes() for _ in range(4)] == [True, True, True, False]


def test_the_refusal_says_how_long_to_wait(committed: Flask) -> None:
    with clock.frozen(START):
        for _ in range(3):
            limits.hit(None, "trial", "someone", limit=3, per_seconds=3_600)
        with pytest.raises(RateLimited) as refused:
            limits.hit(None, "trial", "someone", limit=3, per_seconds=3_600)
    assert refused.value.headers["Retry-After"] == "3600"
    assert "60 minutes" in refused.value.detail
    assert refused.value.status == 429


def test_windows_double_while_they_are_used_up_and_shrink_after_a_quiet_hour(committed: Flask) -> None:
    moment, lengths = START, []
    for _ in range(5):
        with clock.frozen(moment):
            while passes(longest_seconds=500):
                pass
            with transaction() as session:
                ends_at = session.scalars(select(limits.RateLimit.ends_at)).one()
        lengths.append(int((ends_at - moment).total_seconds()))
        moment = ends_at
    assert lengths == [60, 120, 240, 480, 500]
    with clock.frozen(moment + limits.FORGET):
        assert passes(longest_seconds=500)
    with clock.frozen(moment + limits.FORGET + timedelta(seconds=60)):
        assert passes(longest_seconds=500)


def test_a_window_that_was_not_used_up_does_not_double_the_next(committed: Flask) -> None:
    with clock.frozen(START):
        assert passes(longest_seconds=500)
    with clock.frozen(START + timedelta(seconds=60)):
        while passes(longest_seconds=500):
            pass
    with clock.frozen(START + timedelta(seconds=120)):
        assert passes(longest_seconds=500)


def test_many_at_once_are_counted_exactly(committed: Flask) -> None:
    def attempt(_: int) -> bool:
        with committed.app_context():
            return passes()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(60))) == 3


def test_a_count_within_a_transaction_is_taken_back_with_it(session: Session) -> None:
    for _ in range(3):
        limits.hit(session, "trial", "someone", limit=3, per_seconds=60)
    session.rollback()
    assert passes()


def test_what_is_given_back_or_forgiven_does_not_count(committed: Flask) -> None:
    with clock.frozen(START):
        for _ in range(5):
            assert passes()
            limits.give_back("trial", "someone")
        while passes():
            pass
        limits.forgive("trial", "someone")
        assert passes()


def test_no_address_stands_in_the_table(committed: Flask) -> None:
    limits.hit(None, "trial", "ada@example.com", limit=1, per_seconds=60)
    with transaction() as session:
        assert b"ada" not in session.scalars(select(limits.RateLimit.subject)).one()


def test_the_sweep_removes_what_no_longer_counts(session: Session) -> None:
    with clock.frozen(START):
        limits.hit(session, "trial", "someone", limit=1, per_seconds=60)
    with clock.frozen(START + timedelta(seconds=60) + limits.FORGET):
        limits.sweep(session)
        assert session.scalars(select(limits.RateLimit)).one()
    with clock.frozen(START + timedelta(seconds=61) + limits.FORGET):
        limits.sweep(session)
        assert session.scalars(select(limits.RateLimit)).all() == []


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("not an address", "not an address"),
    ],
)
def test_a_network_is_what_a_household_is_given(committed: Flask, address: str, network: str) -> None:
    with committed.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert limits.client_network() == network
