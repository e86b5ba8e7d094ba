"""How fast a caller may go, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from limits import parse
from limits.errors import StorageError

from randonumber.api.rates import WORKERS, Rates, SharedWindows, init_app
from randonumber.errors import RateLimited, TryLater
from tests import drawing, people

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from randonumber.api.windows import Count


def test_each_answer_says_how_much_is_left(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(2))
    first, second = drawing.ask(client, key), drawing.ask(client, key, b"{")
    assert (first.headers["RateLimit-Limit"], second.status_code) == ("100", 400)
    assert int(first.headers["RateLimit-Remaining"]) > int(second.headers["RateLimit-Remaining"])
    assert int(first.headers["RateLimit-Reset"]) >= 1


@pytest.mark.asvs("2.4.1")
def test_whoever_is_too_fast_waits_and_others_do_not(
    client: FlaskClient, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(committed.extensions, "api_rates", Rates("3/hour", None, workers=1))
    person = drawing.buyer(10)
    hasty, calm = people.make_key(person), people.make_key(person)
    statuses = [drawing.ask(client, hasty).status_code for _ in range(5)]
    assert statuses == [201, 201, 201, 429, 429]
    refused = drawing.ask(client, hasty)
    assert (refused.mimetype, refused.get_json()["code"]) == ("application/problem+json", "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert (refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]) == ("3", "0")
    assert drawing.ask(client, calm).status_code == 201
    assert drawing.left(person) == 6


def test_what_counts_never_learns_the_key(
    client: FlaskClient, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = Rates("100/hour", None, workers=1)
    subjects: list[str] = []
    hit = rates.counter.hit

    def note(subject: str) -> Count:
        subjects.append(subject)
        return hit(subject)

    monkeypatch.setattr(rates.counter, "hit", note)
    monkeypatch.setitem(committed.extensions, "api_rates", rates)
    key = people.make_key(drawing.buyer(1))
    drawing.ask(client, key)
    assert len(subjects) == 1
    assert key not in subjects[0]


def test_a_signed_in_browser_is_counted_as_its_user(
    client: FlaskClient, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(committed.extensions, "api_rates", Rates("1/hour", None, workers=1))
    people.sign_in(client, drawing.buyer(0))
    assert [client.get("/api/v1/balance").status_code for _ in range(2)] == [200, 429]


def test_the_workers_share_the_limit_between_them() -> None:
    assert Rates("100/second", None, workers=4).limit == 25
    assert Rates("2/second", None, workers=4).limit == 1


def test_a_shared_storage_counts_the_whole_limit() -> None:
    assert Rates("100/second", "memory://", workers=4).limit == 100


def test_the_number_of_workers_comes_from_serve(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "5")
    monkeypatch.setitem(committed.extensions, "api_rates", None)
    init_app(committed)
    assert committed.extensions["api_rates"].limit == 20


def test_without_a_count_nobody_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = SharedWindows(parse("100/second"), "memory://")

    def fail(*_: object) -> None:
        raise StorageError(ConnectionError("refused"))

    monkeypatch.setattr(counter._limiter, "hit", fail)
    with pytest.raises(TryLater):
        counter.hit("somebody")


def test_a_shared_storage_counts_as_the_memory_does() -> None:
    shared, own = Rates("3/minute", "memory://", workers=1), Rates("3/minute", None, workers=1)
    for _ in range(3):
        assert shared.count("a")["RateLimit-Remaining"] == own.count("a")["RateLimit-Remaining"]
    for rates in (shared, own):
        with pytest.raises(RateLimited):
            rates.count("a")
        rates.count("b")


def test_a_refusal_names_the_wait() -> None:
    rates = Rates("1/minute", None, workers=1)
    rates.count("somebody")
    with pytest.raises(RateLimited) as refusal:
        rates.count("somebody")
    assert int(refusal.value.headers["Retry-After"]) <= 60
