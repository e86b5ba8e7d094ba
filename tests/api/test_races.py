"""Many at once for the last credit: one wins, and nothing falls below zero."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from randonumber.api.rates import Rates
from tests import drawing, people

if TYPE_CHECKING:
    from flask import Flask

    from tests.people import Person

CALLERS = 32
ROUNDS = 50


@pytest.fixture(autouse=True)
def generous(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test ask faster than a customer may."""
    monkeypatch.setitem(committed.extensions, "api_rates", Rates("1000000/second", None, workers=1))


@pytest.mark.pain(8)
def test_the_last_credit_is_won_once_in_every_round(committed: Flask) -> None:
    person = drawing.buyer(0)
    key = people.make_key(person)
    clients = [committed.test_client() for _ in range(CALLERS)]
    start = threading.Barrier(CALLERS)

    def draw(number: int) -> int:
        start.wait()
        return drawing.ask(clients[number], key).status_code

    with ThreadPoolExecutor(CALLERS) as pool:
        for _ in range(ROUNDS):
            drawing.give(person, 1)
            answers = Counter(pool.map(draw, range(CALLERS)))
            assert answers == {201: 1, 402: CALLERS - 1}
            assert drawing.left(person) == 0


def test_page_and_api_spend_the_same_credit_once(committed: Flask) -> None:
    person = drawing.buyer(1)
    key = people.make_key(person)
    browser = committed.test_client()
    people.sign_in(browser, person)
    token = people.csrf_token(browser, "/")
    start = threading.Barrier(2)

    def by_page() -> int:
        start.wait()
        fields = {"csrf_token": token, "type": "integer", "min": 1, "max": 6, "n": 1, "form_ref": "form-0001"}
        return browser.post("/numbers", data=fields).status_code

    def by_api() -> int:
        start.wait()
        return drawing.ask(committed.test_client(), key).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = {run.result() for run in (pool.submit(by_page), pool.submit(by_api))}
    assert answers in ({303, 402}, {402, 201})
    assert drawing.left(person) == 0


def test_credits_left_counts_down_without_a_gap_over_many_lots(committed: Flask) -> None:
    person = drawing.buyer(0)
    key = people.make_key(person)
    for credits_ in (1, 2, 3, 5, 8, 13):
        drawing.give(person, credits_)
    left = drawn_at_once(committed, person, key, 40)
    assert sorted(left) == list(range(32))


def drawn_at_once(app: Flask, person: Person, key: str, times: int) -> list[int]:
    """Draw from eight threads and return what each paid draw says is left."""

    def draw(_: int) -> int | None:
        answer = drawing.ask(app.test_client(), key)
        left: int = answer.get_json()["credits_left"]
        return left if answer.status_code == 201 else None

    with ThreadPoolExecutor(8) as pool:
        return [left for left in pool.map(draw, range(times)) if left is not None]
