"""Many at once for the last credit: one wins, and nothing falls below zero."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.api.rates import Rates
from randonumber.database import driver_connection, transaction
from randonumber.numbers import service
from randonumber.numbers.service import UserPays
from randonumber.numbers.wishes import DIGIT
from tests import drawing, people

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

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
    assert answers in ({303, 402}, {422, 201})
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


def test_credits_that_come_while_a_draw_waits_pay_for_it(committed: Flask) -> None:
    person = drawing.buyer(1)
    key = people.make_key(person)
    first = UserPays(user_id=person.id, actor="operator:test")
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            service.draw(driver_connection(session), first, DIGIT)
            waiting = pool.submit(drawing.ask, committed.test_client(), key)
            wait_until_blocked(session)
            give_meanwhile(committed, person)
        answer = waiting.result()
    assert (answer.status_code, drawing.left(person)) == (201, 0)


def wait_until_blocked(session: Session) -> None:
    """Return once another session of this database waits for a row that this one holds."""
    deadline = time.monotonic() + 10
    blocked = text("SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))")
    while not session.execute(blocked).scalar_one():
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def give_meanwhile(app: Flask, person: Person) -> None:
    """Give a credit in a thread of its own: in this one a transaction is open."""

    def give() -> None:
        with app.app_context():
            drawing.give(person, 1)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(give).result()
