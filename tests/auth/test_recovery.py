"""Choosing a new password: by a link, and by the present one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from randonumber import clock
from randonumber.auth import tokens
from randonumber.auth.models import LinkPurpose, User, UserLink
from randonumber.auth.service import recovery
from randonumber.database import transaction
from tests.auth.mailbox import link, messages, run_link_jobs
from tests.people import PASSWORD, Person, bearer, csrf_token, make_key, make_user, sign_in, submit

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

NEW = "a kettle of parakeets"


@pytest.fixture
def person(committed: Flask) -> Person:
    return make_user("ada@example.com")


def ask(client: FlaskClient, email: str) -> TestResponse:
    answer = submit(client, "/reset", email=email)
    run_link_jobs()
    return answer


def choose(client: FlaskClient, path: str, password: str = NEW) -> TestResponse:
    fields = {"csrf_token": csrf_token(client), "password": password, "password_confirm": password}
    return client.post(path, data=fields)


def can_sign_in(committed: Flask, person: Person, password: str) -> bool:
    return sign_in(committed.test_client(), person, password=password).status_code == 303


@pytest.mark.asvs("6.3.8")
def test_a_known_and_an_unknown_address_get_the_same_answer_and_the_same_work(
    client: FlaskClient, person: Person
) -> None:
    known = submit(client, "/reset", email=person.email)
    unknown = submit(client, "/reset", email="nobody@example.com")
    assert (known.status_code, known.headers["Location"]) == (303, "/reset?sent=1")
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert known.data == unknown.data
    assert messages() == []  # the worker finds out who is meant
    assert run_link_jobs() == 2
    assert [mail.recipient for mail in messages("security/recovery")] == [person.email]
    assert "a link is on its way" in client.get("/reset?sent=1").text


def test_a_disabled_user_gets_no_link(client: FlaskClient, person: Person) -> None:
    with transaction() as session:
        session.scalars(select(User)).one().active = False
    ask(client, person.email)
    assert messages() == []


def test_asking_for_one_address_again_and_again_is_limited(client: FlaskClient, person: Person) -> None:
    for email in (person.email, "nobody@example.com"):
        assert [submit(client, "/reset", email=email).status_code for _ in range(4)] == [303, 303, 303, 429]


@pytest.mark.asvs("6.4.1")
def test_the_link_sets_a_new_password_once(client: FlaskClient, committed: Flask, person: Person) -> None:
    ask(client, person.email)
    path = link("security/recovery")
    assert client.get(path).status_code == 200
    answer = choose(client, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert can_sign_in(committed, person, NEW)
    assert not can_sign_in(committed, person, PASSWORD)
    assert client.get(path).status_code == 400
    assert choose(client, path, "yet another phrase").status_code == 400
    assert can_sign_in(committed, person, NEW)


@pytest.mark.asvs("6.4.1")
def test_of_two_uses_at_once_one_wins(client: FlaskClient, committed: Flask, person: Person) -> None:
    ask(client, person.email)
    token = link("security/recovery").rpartition("/")[2]

    def use(number: int) -> bool:
        with committed.test_request_context():
            return recovery.reset(token, f"{number} kettles of parakeets") is not None

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(use, range(4))) == [False, False, False, True]
    assert len(messages("security/changed")) == 1


@pytest.mark.asvs("6.4.1")
def test_the_link_is_dead_after_an_hour(client: FlaskClient, person: Person) -> None:
    ask(client, person.email)
    path = link("security/recovery")
    with clock.frozen(clock.now() + timedelta(minutes=59)):
        assert client.get(path).status_code == 200
    with clock.frozen(clock.now() + timedelta(minutes=60)):
        assert client.get(path).status_code == 400
        assert choose(client, path).status_code == 400


@pytest.mark.asvs("6.4.1")
def test_a_newer_link_kills_the_older_one(client: FlaskClient, person: Person) -> None:
    ask(client, person.email)
    old = link("security/recovery")
    ask(client, person.email)
    assert client.get(old).status_code == 400
    assert client.get(link("security/recovery")).status_code == 200


@pytest.mark.asvs("6.4.1")
def test_a_changed_password_kills_the_link(client: FlaskClient, person: Person) -> None:
    ask(client, person.email)
    sign_in(client, person)
    submit(client, "/change", password=PASSWORD, new_password=NEW, new_password_confirm=NEW)
    assert client.get(link("security/recovery")).status_code == 400


def test_a_link_that_confirms_an_address_sets_no_password(client: FlaskClient, person: Person) -> None:
    with transaction() as session:
        token = tokens.issue(session, person.id, LinkPurpose.CONFIRM)
    assert choose(client, f"/reset/{token}").status_code == 400


@pytest.mark.asvs("6.4.1")
def test_only_the_hash_of_a_link_with_256_random_bits_is_kept(client: FlaskClient, person: Person) -> None:
    ask(client, person.email)
    token = link("security/recovery").rpartition("/")[2]
    with transaction() as session:
        kept = session.scalars(select(UserLink.token_hash)).one()
    assert len(token) == 43
    assert kept == tokens.digest(token)


@pytest.mark.asvs("6.3.7")
@pytest.mark.asvs("7.4.3")
def test_a_reset_ends_every_session_and_tells_the_owner(client: FlaskClient, committed: Flask, person: Person) -> None:
    thief = committed.test_client()
    sign_in(thief, person)
    key = make_key(person)
    ask(client, person.email)
    choose(client, link("security/recovery"))
    assert thief.get("/account").status_code == 303
    assert client.get("/account").status_code == 303
    assert [mail.recipient for mail in messages("security/changed")] == [person.email]
    assert committed.test_client().get("/api/v1/balance", headers=bearer(key)).status_code == 200


def test_a_reset_lifts_the_wait_that_a_guesser_caused(client: FlaskClient, committed: Flask, person: Person) -> None:
    for _ in range(6):
        sign_in(committed.test_client(), person, password="wrong")
    ask(client, person.email)
    choose(client, link("security/recovery"))
    assert can_sign_in(committed, person, NEW)


@pytest.mark.asvs("14.2.1")
def test_the_page_of_a_link_tells_its_address_to_nobody(
    client: FlaskClient, person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    ask(client, person.email)
    path = link("security/recovery")
    caplog.set_level("DEBUG")
    assert client.get(path).headers["Referrer-Policy"] == "no-referrer"
    assert choose(client, path).status_code == 303
    assert path.rpartition("/")[2] not in caplog.text


def test_a_weak_or_mistyped_new_password_leaves_the_link_working(client: FlaskClient, person: Person) -> None:
    ask(client, person.email)
    path = link("security/recovery")
    assert choose(client, path, "password1").status_code == 422
    token = csrf_token(client)
    answer = client.post(path, data={"csrf_token": token, "password": NEW, "password_confirm": NEW + "x"})
    assert answer.status_code == 422
    assert choose(client, path).status_code == 303


@pytest.mark.parametrize("token", ["x", "%00", "..%2f..", "x" * 5_000, "é", "'", "-1"])
def test_a_link_that_never_was_is_a_dead_one(client: FlaskClient, token: str) -> None:
    for page in ("/reset/", "/confirm/"):
        assert client.get(page + token).status_code in {400, 404}


@pytest.mark.asvs("6.2.3")
@pytest.mark.asvs("7.4.3")
def test_a_change_asks_for_the_present_password_and_signs_others_out(
    client: FlaskClient, committed: Flask, person: Person
) -> None:
    other = committed.test_client()
    sign_in(other, person)
    sign_in(client, person)
    wrong = submit(client, "/change", password="wrong", new_password=NEW, new_password_confirm=NEW)
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    assert other.get("/account").status_code == 200
    answer = submit(client, "/change", password=PASSWORD, new_password=NEW, new_password_confirm=NEW)
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert can_sign_in(committed, person, NEW)
    assert [mail.recipient for mail in messages("security/changed")] == [person.email]


def test_guessing_the_present_password_of_a_stolen_session_is_slowed_down(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    token = csrf_token(client, "/change")
    fields = {"csrf_token": token, "password": "wrong", "new_password": NEW, "new_password_confirm": NEW}
    seen = [client.post("/change", data=fields).status_code for _ in range(6)]
    assert seen == [422] * 5 + [429]
    seen = [client.post("/verify", data={"csrf_token": token, "password": PASSWORD}).status_code]
    assert seen == [429]


def test_a_weak_new_password_is_refused_beside_its_field(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    answer = submit(client, "/change", password=PASSWORD, new_password="12345678", new_password_confirm="12345678")
    assert answer.status_code == 422
    assert 'id="new_password-error"' in answer.text
