"""API keys: shown once, kept as a hash, revocable, and no more than they were made for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from randonumber import clock
from randonumber.auth import accounts, keys
from randonumber.auth.models import ApiKey, Scope
from randonumber.database import transaction
from tests.people import PASSWORD, Person, csrf_token, make_key, make_user, sign_in, submit

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def person(committed: Flask) -> Person:
    return make_user()


def shown_key(page: str) -> str | None:
    found = re.search(r'<code id="new-key">(rn_[^<]+)</code>', page)
    return found[1] if found else None


def only_key() -> ApiKey:
    with transaction() as session:
        return session.scalars(select(ApiKey)).one()


@pytest.mark.asvs("7.2.2")
def test_a_new_key_is_shown_once_and_works(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    answer = submit(client, "/account/keys", page="/account", name="my server", scopes=["draw", "read"])
    assert answer.status_code == 303
    page = client.get("/account").text
    raw = shown_key(page)
    assert raw is not None
    assert "my server" in page
    assert shown_key(client.get("/account").text) is None
    with transaction() as session:
        caller = keys.find(session, raw)
    assert caller is not None
    assert (caller.user_id, caller.ref, set(caller.scopes)) == (person.id, person.ref, {"draw", "read"})


@pytest.mark.asvs("11.5.1")
def test_a_key_has_256_random_bits_and_only_its_hash_is_kept(person: Person) -> None:
    raw = make_key(person)
    assert re.fullmatch(r"rn_[0-9a-z]{12}_[A-Za-z0-9_-]{43}", raw)
    assert make_key(person) != raw
    with transaction() as session:
        dump = str(session.execute(text("SELECT row_to_json(api_keys) FROM api_keys")).all())
    assert raw.rpartition("_")[0] not in dump.replace(raw[:15], "")
    assert raw[16:] not in dump


@pytest.mark.parametrize("other", ["", "rn_", "rn_x_y", "\0", "é" * 50, "x" * 100_000, "\udcff"])
def test_what_is_no_key_opens_nothing(person: Person, other: str) -> None:
    raw = make_key(person)
    with transaction() as session:
        for guess in (other, raw[:-1], raw + "x", raw.upper(), " " + raw, raw[:15]):
            assert keys.find(session, guess) is None


def test_a_revoked_key_opens_nothing_from_then_on(client: FlaskClient, person: Person) -> None:
    raw = make_key(person)
    sign_in(client, person)
    for _ in range(2):
        path = f"/account/keys/{only_key().id}/revoke"
        assert submit(client, path, page="/account").status_code == 303
    with transaction() as session:
        assert keys.find(session, raw) is None
    assert "revoked" in client.get("/account").text


@pytest.mark.asvs("8.2.2")
def test_a_stranger_cannot_revoke_a_key(client: FlaskClient, person: Person) -> None:
    raw = make_key(person)
    sign_in(client, make_user())
    assert submit(client, f"/account/keys/{only_key().id}/revoke", page="/account").status_code == 404
    with transaction() as session:
        assert keys.find(session, raw) is not None


@pytest.mark.parametrize("key_id", ["0", "99999999999999999999999999", str(2**63 - 1), "-1", "x", "%00"])
def test_a_key_that_never_was_is_not_found(client: FlaskClient, person: Person, key_id: str) -> None:
    sign_in(client, person)
    assert submit(client, f"/account/keys/{key_id}/revoke", page="/account").status_code == 404


def test_a_disabled_users_key_opens_nothing(person: Person) -> None:
    raw = make_key(person)
    with transaction() as session:
        accounts.disable(session, accounts.get(session, person.email))
        assert keys.find(session, raw) is None


@pytest.mark.asvs("7.5.3")
def test_a_key_that_withdraws_needs_a_fresh_sign_in(client: FlaskClient, person: Person) -> None:
    start = clock.now()
    sign_in(client, person)
    fields = {"name": "payer", "scopes": ["draw", "withdraw"]}
    with clock.frozen(start + timedelta(minutes=6)):
        answer = submit(client, "/account/keys", page="/account", **fields)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/verify?next=%2Faccount")
        with transaction() as session:
            assert session.scalars(select(ApiKey)).all() == []
        verified = submit(client, "/verify", next="/account", password=PASSWORD)
        assert (verified.status_code, verified.headers["Location"]) == (303, "/account")
        assert submit(client, "/account/keys", page="/account", **fields).headers["Location"] == "/account#keys"
    assert set(only_key().scopes) == {"draw", "withdraw"}


def test_a_wrong_password_is_no_fresh_sign_in(client: FlaskClient, person: Person) -> None:
    start = clock.now()
    sign_in(client, person)
    with clock.frozen(start + timedelta(minutes=6)):
        assert submit(client, "/verify", password="wrong").status_code == 422
        answer = submit(client, "/account/keys", page="/account", name="payer", scopes=["withdraw"])
        assert answer.headers["Location"].startswith("/verify")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "x"},
        {"scopes": ["draw"]},
        {"name": "", "scopes": ["draw"]},
        {"name": "x\0y", "scopes": ["draw"]},
        {"name": "x\ny", "scopes": ["draw"]},
        {"name": "x" * 81, "scopes": ["draw"]},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "scopes": ["draw", "admin"]},
    ],
)
def test_a_wrong_key_form_is_shown_again_and_makes_nothing(
    client: FlaskClient, person: Person, fields: dict[str, object]
) -> None:
    sign_in(client, person)
    answer = submit(client, "/account/keys", page="/account", **fields)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    with transaction() as session:
        assert session.scalars(select(ApiKey)).all() == []


def test_names_are_shown_as_text(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    submit(client, "/account/keys", page="/account", name="<b>x</b>{{ 7*7 }}", scopes=["draw"])
    assert "&lt;b&gt;x&lt;/b&gt;{{ 7*7 }}" in client.get("/account").text


def test_there_is_an_end_to_keys(client: FlaskClient, person: Person) -> None:
    with transaction() as session:
        for number in range(keys.MOST):
            keys.create(session, person.id, f"key {number}", [Scope.DRAW])
    sign_in(client, person)
    answer = submit(client, "/account/keys", page="/account", name="one more", scopes=["draw"])
    assert answer.status_code == 422
    assert f"You have {keys.MOST} keys" in answer.text


def test_the_last_use_is_noted_to_the_minute(person: Person) -> None:
    raw, start = make_key(person), clock.now()
    for seconds, expected in ((0, 0), (30, 0), (61, 61)):
        with clock.frozen(start + timedelta(seconds=seconds)), transaction() as session:
            caller = keys.find(session, raw)
            assert caller is not None
            keys.note_use(session, caller)
        assert only_key().last_used_at == start + timedelta(seconds=expected)


def test_making_a_key_needs_a_token_and_a_sign_in(client: FlaskClient, person: Person) -> None:
    fields = {"name": "x", "scopes": ["draw"]}
    assert submit(client, "/account/keys", page="/login", **fields).headers["Location"] == "/login?next=%2Faccount"
    sign_in(client, person)
    assert client.post("/account/keys", data=fields).status_code == 400
    assert csrf_token(client, "/account")
