"""Signing in: who may, and what a stranger can learn from trying."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from randonumber import clock
from randonumber.auth import passwords
from randonumber.auth.models import User
from randonumber.auth.service import sign_in as service
from randonumber.database import transaction
from randonumber.errors import RateLimited
from tests.people import PASSWORD, csrf_token, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

WRONG = "some other phrase"


def attempt(client: FlaskClient, email: str, password: str, address: str = "192.0.2.1") -> TestResponse:
    fields = {"csrf_token": csrf_token(client), "email": email, "password": password}
    return client.post("/login", data=fields, environ_overrides={"REMOTE_ADDR": address})


def test_the_right_password_signs_in_and_leads_home(client: FlaskClient) -> None:
    answer = sign_in(client, make_user())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/account").status_code == 200


def test_the_case_of_the_address_does_not_matter_and_that_of_the_password_does(client: FlaskClient) -> None:
    make_user("ada@example.com")
    assert attempt(client, "ADA@example.com", PASSWORD.upper()).status_code == 422
    assert attempt(client, " ADA@example.com", PASSWORD).status_code == 303


@pytest.mark.asvs("6.3.8")
def test_a_known_and_an_unknown_address_get_the_same_answer_and_cost_the_same(
    committed: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, disabled = make_user("known-a@example.com"), make_user("known-b@example.com")
    with transaction() as session:
        session.scalars(select(User).where(User.id == disabled.id)).one().active = False
    context = committed.extensions["security"].pwd_context
    compared: list[str] = []

    class Counting:
        def verify_and_update(self, password: str, kept: str) -> Any:
            compared.append(kept[:30])
            return context.verify_and_update(password, kept)

    monkeypatch.setattr(committed.extensions["security"], "pwd_context", Counting())
    answers = []
    for email, password in [
        (known.email, WRONG),
        ("other-c@example.com", WRONG),
        (disabled.email, WRONG),
        (disabled.email, PASSWORD),
    ]:
        browser = committed.test_client()
        answer = attempt(browser, email, password)
        page = re.sub(r'(content|value)="[^"]{60,}"', "TOKEN", answer.text.replace(email, "EMAIL"))
        answers.append((answer.status_code, page, sorted(answer.headers.keys())))
    assert [answer[0] for answer in answers] == [422] * 4
    assert answers == [answers[0]] * 4
    assert len(compared) == 4
    assert len(set(compared)) == 1  # the same parameters, so the same work


@pytest.mark.asvs("6.3.1")
def test_guessing_at_one_account_is_slowed_down_from_wherever_it_comes(client: FlaskClient) -> None:
    person = make_user()
    seen = [attempt(client, person.email, WRONG, f"198.51.{n}.7").status_code for n in range(20)]
    assert seen == [422] * 5 + [429] * 15
    refused = attempt(client, person.email, PASSWORD)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 61


@pytest.mark.asvs("6.3.1")
def test_the_owner_gets_in_after_the_wait_and_each_wait_is_twice_the_last_up_to_a_quarter_hour(
    client: FlaskClient,
) -> None:
    person, now, waits = make_user(), clock.now(), []
    for _ in range(7):
        with clock.frozen(now):
            while (answer := attempt(client, person.email, WRONG)).status_code == 422:
                pass
        waits.append(int(answer.headers["Retry-After"]))
        now += timedelta(seconds=waits[-1])
    assert waits == pytest.approx([60, 120, 240, 480, 900, 900, 900], abs=1)
    with clock.frozen(now):
        assert attempt(client, person.email, PASSWORD).status_code == 303


@pytest.mark.asvs("6.3.1")
def test_trying_many_accounts_from_one_address_is_slowed_down(committed: Flask) -> None:
    def guess(number: int) -> bool:
        with committed.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.9"}):
            try:
                assert service.authenticate(f"person-{number}@example.com", WRONG) is None
            except RateLimited:
                return False
        return True

    assert sum(guess(number) for number in range(60)) == service.PER_ADDRESS


@pytest.mark.asvs("2.4.1")
def test_the_limit_is_one_for_all_workers(committed: Flask) -> None:
    person = make_user()

    def guess(number: int) -> bool:
        with committed.test_request_context(environ_base={"REMOTE_ADDR": f"198.51.{number}.7"}):
            try:
                service.authenticate(person.email, WRONG)
            except RateLimited:
                return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(guess, range(60))) == service.PER_ACCOUNT


def test_signing_in_often_is_no_attack(client: FlaskClient) -> None:
    person = make_user()
    for _ in range(service.PER_ADDRESS + 5):
        assert attempt(client, person.email, PASSWORD).status_code == 303
        client.delete_cookie("session")


def test_a_disabled_user_is_not_let_in(client: FlaskClient) -> None:
    person = make_user()
    with transaction() as session:
        session.scalars(select(User)).one().active = False
    assert sign_in(client, person).status_code == 422


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": "ada@example.com"},
        {"password": PASSWORD},
        {"email": "ada\0@example.com", "password": PASSWORD},
        {"email": "ada@example.com", "password": "\0" * 20},
        {"email": "x" * 100_000, "password": "x" * 100_000},
        {"email": "' OR 1=1 --", "password": "' OR 1=1 --"},
        {"email": "ada@example.com", "password": "x", "next": "\0"},
        {"email": "\udcff@example.com", "password": "\udcff"},
    ],
)
def test_nonsense_is_refused_as_a_wrong_password_is(client: FlaskClient, fields: dict[str, str]) -> None:
    given = {"csrf_token": csrf_token(client), **fields}
    encoded = {name: value.encode("utf-8", "surrogateescape") for name, value in given.items()}
    assert client.post("/login", data=encoded).status_code == 422


@pytest.mark.parametrize("body", ["[1]", "null", '{"email": [1], "password": {}}', "{", '"x"', '{"email": 1}'])
@pytest.mark.parametrize("path", ["/login", "/register", "/reset", "/logout"])
def test_json_is_answered_without_a_crash(client: FlaskClient, path: str, body: str) -> None:
    headers = {"X-CSRFToken": csrf_token(client)}
    answer = client.post(path, data=body, content_type="application/json", headers=headers)
    assert 300 <= answer.status_code < 500


def test_a_dummy_hash_stands_ready_before_the_first_request(app: Flask) -> None:
    assert app.extensions[passwords._DUMMY].startswith("$argon2id$")
