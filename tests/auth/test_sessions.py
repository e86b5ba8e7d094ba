"""Sessions: a cookie opens what the database says, and nothing after that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask_security import current_user
from sqlalchemy import event, select, update

from randonumber import _flask_settings, clock
from randonumber.auth import accounts, sessions
from randonumber.auth.jobs import sweep
from randonumber.auth.models import User, UserSession
from randonumber.database import db, refuse_inside_transaction, transaction
from tests.people import PASSWORD, Person, bearer, csrf_token, make_key, make_user, sign_in, submit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from randonumber.config import Config


@pytest.fixture
def person(committed: Flask) -> Person:
    return make_user()


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found is not None
    return found.value


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def copy_of(client: FlaskClient, committed: Flask) -> FlaskClient:
    copy = committed.test_client()
    copy.set_cookie("session", cookie(client))
    return copy


@pytest.mark.asvs("7.4.1")
def test_a_copied_cookie_is_worth_nothing_after_the_sign_out(
    client: FlaskClient, committed: Flask, person: Person
) -> None:
    sign_in(client, person)
    thief = copy_of(client, committed)
    assert is_in(thief)
    assert submit(client, "/logout", page="/account").status_code == 303
    assert not is_in(thief)
    assert not is_in(client)
    assert thief.get("/account", headers={"Accept": "application/json"}).status_code == 401


def test_signing_out_is_a_post_with_a_token(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 400
    assert is_in(client)


def test_signing_out_without_being_in_leads_home(client: FlaskClient) -> None:
    assert submit(client, "/logout", page="/login").headers["Location"] == "/"


@pytest.mark.asvs("7.2.4")
def test_a_sign_in_makes_a_new_session_and_the_old_one_is_dead(
    client: FlaskClient, committed: Flask, person: Person
) -> None:
    before = committed.test_client()
    assert before.get("/login").status_code == 200
    planted = cookie(before)
    client.set_cookie("session", planted)
    sign_in(client, person)
    assert cookie(client) != planted
    assert not is_in(before)
    first = copy_of(client, committed)
    token = csrf_token(client, "/account")
    answer = client.post("/login", data={"csrf_token": token, "email": person.email, "password": PASSWORD})
    assert answer.status_code == 303
    assert is_in(client)
    assert not is_in(first)


@pytest.mark.asvs("7.3.1")
def test_a_session_ends_after_30_idle_minutes(client: FlaskClient, person: Person) -> None:
    start = clock.now()
    sign_in(client, person)
    for minutes in (29, 58, 87):
        with clock.frozen(start + timedelta(minutes=minutes)):
            assert is_in(client)
    with clock.frozen(start + timedelta(minutes=118)):
        assert not is_in(client)


@pytest.mark.asvs("7.3.2")
def test_a_session_ends_after_12_hours_however_busy(client: FlaskClient, person: Person) -> None:
    start = clock.now()
    sign_in(client, person)
    for step in range(1, 36):
        with clock.frozen(start + timedelta(minutes=20 * step)):
            assert is_in(client)
    with clock.frozen(start + timedelta(hours=12, seconds=1)):
        assert not is_in(client)


def test_being_seen_is_written_at_most_once_a_minute(client: FlaskClient, person: Person) -> None:
    def seen() -> object:
        with transaction() as session:
            return session.scalars(select(UserSession.last_seen_at)).one()

    start = clock.now()
    with clock.frozen(start):
        sign_in(client, person)
    with clock.frozen(start + timedelta(seconds=59)):
        assert is_in(client)
    assert seen() == start
    with clock.frozen(start + timedelta(seconds=61)):
        assert is_in(client)
    assert seen() == start + timedelta(seconds=61)


@pytest.mark.asvs("7.4.2")
def test_disabling_a_user_shuts_every_session_and_key_at_once(
    client: FlaskClient, committed: Flask, person: Person
) -> None:
    key = make_key(person)
    sign_in(client, person)
    assert committed.test_client().get("/api/v1/balance", headers=bearer(key)).status_code == 200
    with transaction() as session:
        accounts.disable(session, accounts.get(session, person.email))
    assert not is_in(client)
    assert committed.test_client().get("/api/v1/balance", headers=bearer(key)).status_code == 401


def test_a_user_who_is_only_marked_inactive_is_out_too(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    with transaction() as session:
        session.execute(update(User).values(active=False))
    assert not is_in(client)


@pytest.mark.asvs("7.4.3")
def test_signing_out_every_other_browser_keeps_this_one(client: FlaskClient, committed: Flask, person: Person) -> None:
    other = committed.test_client()
    sign_in(other, person)
    sign_in(client, person)
    assert submit(client, "/account/sessions/end", page="/account").status_code == 303
    assert is_in(client)
    assert not is_in(other)


@pytest.mark.asvs("3.3.1")
def test_the_cookie_is_closed_to_scripts_and_other_sites(client: FlaskClient, person: Person) -> None:
    header = sign_in(client, person).headers["Set-Cookie"]
    attributes = {part.strip() for part in header.split(";")[1:]}
    assert attributes == {"HttpOnly", "Path=/", "SameSite=Lax"}  # http on this machine: Secure would be lost


@pytest.mark.asvs("3.3.3")
def test_over_https_the_cookie_is_bound_to_the_host(test_config: Config) -> None:
    settings = _flask_settings(replace(test_config, base_url="https://shop.example"))
    assert settings["SESSION_COOKIE_NAME"] == "__Host-session"
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["SESSION_COOKIE_PATH"] == "/"


@pytest.mark.asvs("14.3.2")
@pytest.mark.parametrize("path", ["/account", "/change", "/verify", "/"])
def test_signed_in_pages_are_kept_by_no_cache(client: FlaskClient, person: Person, path: str) -> None:
    sign_in(client, person)
    answer = client.get(path)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Cookie" in answer.headers["Vary"]


def test_a_cookie_of_another_key_or_nonsense_is_nobody(client: FlaskClient, committed: Flask, person: Person) -> None:
    sign_in(client, person)
    for value in (cookie(client)[:-3] + "abc", "x", "", "." * 3_000, "é"):
        stranger = committed.test_client()
        stranger.set_cookie("session", value)
        assert not is_in(stranger)


def test_only_hashes_of_session_ids_are_kept(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    with client.session_transaction() as browser:
        session_id = browser["sid"]
    with transaction() as session:
        kept = session.scalars(select(UserSession.id_hash)).one()
    assert len(session_id) >= 43  # 256 bits
    assert session_id.encode() not in kept
    assert len(kept) == 32


def test_what_has_run_out_is_swept_away(committed: Flask, person: Person) -> None:
    with transaction() as session:
        sessions.start(session, person.id)
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        sweep.func(timestamp=0)
    with transaction() as session:
        assert session.scalars(select(UserSession)).all() == []


@pytest.fixture
def connections(committed: Flask) -> Iterator[list[int]]:
    """How many connections are in use, noted at each check-out."""
    used: list[int] = []

    def note(*_: object) -> None:
        used.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]

    event.listen(db.engine, "checkout", note)
    yield used
    event.remove(db.engine, "checkout", note)


def test_a_page_of_a_signed_in_person_holds_no_connection_while_it_calls_out(
    client: FlaskClient, committed: Flask, person: Person, connections: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    def call_out() -> str:
        assert current_user.email == person.email
        refuse_inside_transaction()
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return "answer"

    sign_in(client, person)
    monkeypatch.setitem(committed.view_functions, "account.old_address", call_out)
    assert client.get("/user-profile").text == "answer"
    assert held == [0]


def test_a_call_with_a_key_opens_no_session_and_asks_nobody_who_is_there(
    client: FlaskClient, committed: Flask, person: Person, connections: list[int]
) -> None:
    sign_in(client, person)
    connections.clear()
    headers = {**bearer("rn_x"), "Cookie": f"session={cookie(client)}"}
    with committed.test_request_context("/api/v1/numbers", method="GET", headers=headers) as context:
        committed.preprocess_request()
        answer = committed.process_response(committed.make_response("answer"))
        assert committed.session_interface.is_null_session(context.session)
    assert connections == []
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_a_static_file_asks_the_database_nothing(client: FlaskClient, person: Person, connections: list[int]) -> None:
    sign_in(client, person)
    page = client.get("/account").text
    path = page.split('rel="icon" href="')[1].split('"')[0]
    connections.clear()
    with client.get(path) as answer:
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert connections == []
