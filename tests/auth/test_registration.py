"""Registering: a user with everything that belongs to one, or nothing at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from randonumber.auth import letters
from randonumber.auth.models import User, UserSession
from randonumber.auth.service import registration
from randonumber.database import transaction
from randonumber.ledger.models import Account
from randonumber.mail import MailMessage
from tests.auth.mailbox import link, messages
from tests.people import PASSWORD, csrf_token, make_user, register

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from randonumber.hooks import Person

EMAIL = "ada@example.com"


class Crash(RuntimeError):
    """What a hook dies of."""


@pytest.fixture
def confirmed(committed: Flask) -> Iterator[list[str]]:
    """Whose confirmed address brought something, each time it did."""
    seen: list[str] = []
    hooks = committed.extensions.setdefault("confirmed_hooks", [])
    hooks.append(lambda _session, person: seen.append(person.email))
    yield seen
    hooks.pop()


@pytest.fixture
def real_stripe(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app as it is with Stripe itself: gifts wait for a confirmed address."""
    config = replace(committed.extensions["config"], stripe_api_base=None)
    monkeypatch.setitem(committed.extensions, "config", config)


def rows() -> dict[str, int]:
    """How many rows a registration could have left."""
    counted = {
        "users": select(func.count()).select_from(User),
        "accounts": select(func.count()).select_from(Account).where(Account.user_id.is_not(None)),
        "mails": select(func.count()).select_from(MailMessage),
        "sessions": select(func.count()).select_from(UserSession),
    }
    with transaction() as session:
        return {name: session.scalars(query).one() for name, query in counted.items()}


def test_a_new_address_is_signed_in_at_once_and_lands_at_home(client: FlaskClient) -> None:
    answer = register(client, "Ada@Example.com ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert EMAIL in client.get("/account").text
    assert [(mail.template, mail.recipient) for mail in messages()] == [("security/welcome", EMAIL)]


@pytest.mark.parametrize("hook", ["sign_up_hooks", "confirmed_hooks"])
def test_a_crash_in_a_hook_leaves_nothing(committed: Flask, client: FlaskClient, hook: str) -> None:
    def crash(session: Session, person: Person) -> None:
        session.flush()
        raise Crash

    committed.extensions.setdefault(hook, []).append(crash)
    try:
        assert register(client, EMAIL).status_code == 500
    finally:
        committed.extensions[hook].pop()
    assert set(rows().values()) == {0}
    assert register(client, EMAIL).status_code == 303


def test_a_mail_that_cannot_be_queued_leaves_nothing(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(session: Session, user: User) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(letters, "welcome", crash)
        assert register(client, EMAIL).status_code == 500
    assert set(rows().values()) == {0}


def test_a_known_address_gets_general_words_and_its_owner_a_mail(client: FlaskClient) -> None:
    make_user(EMAIL)
    answer = register(client, EMAIL, "another long passphrase")
    assert answer.status_code == 422
    assert "cannot be made with this address" in answer.text
    assert "ada@example.com" in answer.text  # what was typed is kept
    assert "another long passphrase" not in answer.text
    assert [(mail.template, mail.recipient) for mail in messages()] == [("security/known_address", EMAIL)]
    assert client.get("/account").status_code == 303


def test_the_same_registration_sent_twice_makes_one_user_and_ends_signed_in(committed: Flask) -> None:
    first, second = committed.test_client(), committed.test_client()
    assert [register(browser, EMAIL).status_code for browser in (first, second)] == [303, 303]
    assert rows()["users"] == 1
    assert len(messages()) == 1
    assert second.get("/account").status_code == 200


def test_a_disabled_user_is_not_let_in_by_registering_again(client: FlaskClient) -> None:
    make_user(EMAIL)
    with transaction() as session:
        session.scalars(select(User)).one().active = False
    assert register(client, EMAIL).status_code == 422


def test_two_at_once_with_the_same_address_make_one_user(committed: Flask) -> None:
    def attempt(number: int) -> bool:
        with committed.test_request_context(environ_base={"REMOTE_ADDR": f"10.0.{number}.1"}):
            return registration.register(EMAIL, f"{number} vermilion teapots") is not None

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(8)))
    assert sorted(outcomes) == [False] * 7 + [True]
    assert rows()["users"] == 1
    assert len(messages("security/welcome")) == 1


def test_a_sixth_registration_in_an_hour_from_one_network_is_refused(client: FlaskClient) -> None:
    def attempt(number: int) -> int:
        fields = {"csrf_token": csrf_token(client, "/register"), "email": f"p{number}@example.com"}
        passwords = {"password": PASSWORD, "password_confirm": PASSWORD}
        network = {"REMOTE_ADDR": f"203.0.113.{number}"}
        answer = client.post("/register", data={**fields, **passwords}, environ_overrides=network)
        client.delete_cookie("session")
        return answer.status_code

    assert [attempt(number) for number in range(6)] == [303] * 5 + [429]
    assert rows()["users"] == 5


def test_with_the_sandbox_gifts_come_at_once_and_confirming_brings_no_others(
    client: FlaskClient, confirmed: list[str]
) -> None:
    register(client, EMAIL)
    assert confirmed == [EMAIL]
    assert client.get(link("security/welcome")).status_code == 303
    assert confirmed == [EMAIL]


@pytest.mark.usefixtures("real_stripe")
def test_with_stripe_gifts_wait_for_the_confirmed_address_and_come_once(
    client: FlaskClient, confirmed: list[str]
) -> None:
    register(client, EMAIL)
    assert confirmed == []
    path = link("security/welcome")
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert confirmed == [EMAIL]
    assert "confirmed" in client.get("/account").text
    assert client.get(path).status_code == 303  # the owner clicks again: already done
    assert confirmed == [EMAIL]


def test_a_confirmation_link_works_once_and_only_the_newest(client: FlaskClient, committed: Flask) -> None:
    register(client, EMAIL)
    old = link("security/welcome")
    token = csrf_token(client, "/account")
    assert client.post("/confirm", data={"csrf_token": token}).status_code == 303
    stranger = committed.test_client()
    assert stranger.get(old).status_code == 400
    new = link("security/confirm")
    assert stranger.get(new).headers["Location"] == "/login"
    assert stranger.get(new).status_code == 400


def test_asking_for_the_confirmation_again_and_again_is_limited(client: FlaskClient) -> None:
    register(client, EMAIL)
    token = csrf_token(client, "/account")
    answers = [client.post("/confirm", data={"csrf_token": token}).status_code for _ in range(4)]
    assert answers == [303, 303, 303, 429]


def test_whoever_is_signed_in_needs_no_second_account(client: FlaskClient) -> None:
    register(client, EMAIL)
    assert client.get("/register").headers["Location"] == "/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "no address"},
        {"email": "a" * 250 + "@example.com"},
        {"email": "ada\0@example.com"},
        {"email": "ada@exam\nple.com"},
        {"password_confirm": "something else altogether"},
        {"password": ""},
        {"password": "vermilion\0teapot", "password_confirm": "vermilion\0teapot"},
        {"password": EMAIL, "password_confirm": EMAIL},
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_makes_nothing(client: FlaskClient, wrong: dict[str, str]) -> None:
    fields = {"email": EMAIL, "password": PASSWORD, "password_confirm": PASSWORD, **wrong}
    answer = client.post("/register", data={"csrf_token": csrf_token(client, "/register"), **fields})
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert set(rows().values()) == {0}


def test_a_form_without_any_field_is_refused(client: FlaskClient) -> None:
    answer = client.post("/register", data={"csrf_token": csrf_token(client, "/register")})
    assert answer.status_code == 422
