"""Whatever is sent to the pages of accounts: no 500, and nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber import limits
from tests.people import PASSWORD, csrf_token, make_user, register

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

NASTY = [
    b"\0",
    b"a\0b@example.com",
    b"'",
    b"\\",
    b"%00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "🦜\u202e".encode(),
    b"<script>alert(1)</script>",
    b"{{ config }}",
    b"x" * 400_000,
    b"a@" + b"b." * 200 + b"example",
    b"\r\nBcc: all@example.com",
    b"a@example.com\r\nBcc: b@example.com",
]
FORMS = {
    "/login": ["email", "password", "next"],
    "/register": ["email", "password", "password_confirm"],
    "/reset": ["email"],
    "/reset/none": ["password", "password_confirm"],
    "/verify": ["password", "next"],
    "/change": ["password", "new_password", "new_password_confirm"],
    "/account/keys": ["name", "scopes"],
}


@pytest.mark.asvs("1.2.4")
@pytest.mark.parametrize("path", FORMS)
def test_nothing_a_form_can_carry_ends_in_a_crash(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(limits, "hit", lambda *_, **__: None)  # or the sixth attempt would not be read at all
    if path in {"/verify", "/change", "/account/keys"}:
        register(client)
    token = csrf_token(client, "/account" if path == "/account/keys" else "/login")
    usual = {"email": b"ada@example.com", "password": PASSWORD.encode(), "password_confirm": PASSWORD.encode()}
    for nasty in NASTY:
        for name in FORMS[path]:
            fields = {field: usual.get(field, b"x") for field in FORMS[path]}
            if path == "/register":
                client.delete_cookie("session")
                token = csrf_token(client)
            answer = client.post(path, data={**fields, name: nasty, "csrf_token": token})
            assert 300 <= answer.status_code < 500, (name, nasty[:50])


@pytest.mark.asvs("1.2.4")
@pytest.mark.parametrize("path", ["/login", "/register", "/reset", "/verify", "/change", "/account"])
def test_nothing_an_address_can_carry_ends_in_a_crash(client: FlaskClient, path: str) -> None:
    for query in ("next=%00", "next[]=x", "next=x&next=y", "sent=%ff", "%00=%00", "x" * 5_000):
        assert client.get(f"{path}?{query}").status_code < 500


def test_a_thousand_fields_and_a_large_body_are_refused(client: FlaskClient) -> None:
    token = csrf_token(client)
    many = "&".join(f"f{number}=x" for number in range(10_000))
    form = "application/x-www-form-urlencoded"
    assert 400 <= client.post("/login", data=f"csrf_token={token}&{many}", content_type=form).status_code < 500
    assert client.post("/login", data=b"x" * 1_000_000, content_type=form).status_code == 413


def test_what_is_shown_again_is_shown_as_text(client: FlaskClient) -> None:
    token = csrf_token(client)
    answer = client.post("/login", data={"csrf_token": token, "email": '"><script>x</script>', "password": "x"})
    assert answer.status_code == 422
    assert "<script>x" not in answer.text


def test_a_password_is_never_shown_again(client: FlaskClient, committed: Flask) -> None:
    make_user("ada@example.com")
    token = csrf_token(client)
    fields = {"csrf_token": token, "email": "ada@example.com", "password": "hunter-two-forty"}
    assert "hunter-two-forty" not in client.post("/login", data=fields).text
