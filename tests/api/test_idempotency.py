"""A request with an Idempotency-Key happens once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.api import idempotency
from randonumber.api.jobs import forget_answers
from randonumber.database import driver_connection, transaction
from tests import drawing, people

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


def ask(client: FlaskClient, key: str, name: str = "order-1", n: int = 1) -> TestResponse:
    return drawing.ask(client, key, drawing.DIE | {"n": n}, Idempotency_Key=name)


def test_the_same_request_again_gets_the_same_bytes_and_draws_nothing(client: FlaskClient) -> None:
    person = drawing.buyer(5)
    key = people.make_key(person)
    first, again = ask(client, key), ask(client, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert first.content_type == again.content_type
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert drawing.left(person) == 4


def test_the_first_version_is_replayed_too(client: FlaskClient) -> None:
    person = drawing.buyer(5)
    headers = people.bearer(people.make_key(person)) | {"Idempotency-Key": "k"}
    answers = [client.post("/api/v1/number/", headers=headers) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert (answers[1].status_code, drawing.left(person)) == (200, 4)


@pytest.mark.pain(4)
def test_another_body_under_the_same_key_is_refused(client: FlaskClient) -> None:
    person = drawing.buyer(5)
    key = people.make_key(person)
    ask(client, key)
    other = ask(client, key, n=2)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_mismatch")
    broken = drawing.ask(client, key, b"{", Idempotency_Key="order-1")
    assert broken.status_code == 422
    assert drawing.left(person) == 4


def test_a_refusal_keeps_nothing_so_the_same_key_may_try_again(client: FlaskClient) -> None:
    person = drawing.buyer(0)
    key = people.make_key(person)
    assert ask(client, key).status_code == 402
    assert drawing.count("idempotency_keys") == 0
    drawing.give(person, 1)
    assert ask(client, key).status_code == 201


def test_the_key_belongs_to_a_user_a_method_and_a_path(client: FlaskClient) -> None:
    one, other = drawing.buyer(5), drawing.buyer(5)
    key = people.make_key(one)
    drawn = ask(client, key).get_json()["draw"]
    assert ask(client, people.make_key(other)).get_json()["draw"] != drawn
    assert ask(client, people.make_key(one)).get_json()["draw"] == drawn
    digit = client.post("/api/v1/number/", headers=people.bearer(key) | {"Idempotency-Key": "order-1"})
    assert "Idempotent-Replayed" not in digit.headers
    assert (drawing.left(one), drawing.left(other)) == (3, 4)


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "x" * 256, "\x00"])
def test_a_key_is_visible_ascii_of_255_letters_at_most(client: FlaskClient, name: str) -> None:
    person = drawing.buyer(1)
    answer = ask(client, people.make_key(person), name)
    assert (answer.status_code, drawing.left(person)) == (400, 1)


def test_the_longest_key_is_taken(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(1))
    assert ask(client, key, "~" * 255).data == ask(client, key, "~" * 255).data


def test_a_request_that_is_being_worked_on_is_in_progress(client: FlaskClient) -> None:
    person = drawing.buyer(5)
    key = people.make_key(person)
    body = b'{"min": 1, "max": 6, "n": 1}'
    occasion = idempotency.Occasion(
        user_id=person.id, method="POST", path="/api/v1/numbers", key="k", body_hash=b"of another process"
    )
    with transaction() as session:
        assert idempotency.claim(driver_connection(session), occasion) is None
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(drawing.ask, client, key, body, Idempotency_Key="k").result()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_progress")
    assert int(answer.headers["Retry-After"]) >= 1
    assert drawing.left(person) == 5
    assert drawing.ask(client, key, body, Idempotency_Key="k").status_code == 201


@pytest.mark.pain(4)
def test_32_equal_requests_at_once_make_one_draw_and_agree(committed: Flask) -> None:
    person = drawing.buyer(40)
    key = people.make_key(person)
    start = threading.Barrier(32)

    def send(_: int) -> TestResponse:
        client = committed.test_client()
        start.wait()
        return ask(client, key)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(send, range(32)))
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.data for answer in done}) == 1
    assert ask(committed.test_client(), key).data == done[0].data
    assert drawing.left(person) == 39
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 409)


def test_what_dies_before_its_commit_is_not_remembered(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    person = drawing.buyer(5)
    key = people.make_key(person)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "keep", die)
        with pytest.raises(KeyboardInterrupt):
            ask(client, key)
    assert (drawing.left(person), drawing.count("idempotency_keys")) == (5, 0)
    assert ask(client, key).status_code == 201


def test_answers_are_forgotten_after_three_days_and_no_sooner(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(3))
    for name in ("old", "older", "new"):
        ask(client, key, name)
    with transaction() as session:
        session.execute(
            text("UPDATE idempotency_keys SET created_at = created_at - interval '71 hours' WHERE key <> 'new'")
        )
    forget_answers.func(0)
    assert drawing.count("idempotency_keys") == 3
    with clock.frozen(clock.now() + timedelta(hours=2)):
        forget_answers.func(0)
    assert drawing.count("idempotency_keys") == 1
