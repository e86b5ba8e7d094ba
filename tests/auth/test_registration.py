"""Registering: a user with everything that belongs to one, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from randonumber.database import transaction
from tests.people import csrf_token, register

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


def count(table: str) -> int:
    with transaction() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_new_address_is_signed_in_at_once_and_lands_at_home(client: FlaskClient) -> None:
    answer = register(client, "New.Person@Example.com")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = client.get("/account")
    assert page.status_code == 200
    assert "new.person@example.com" in page.text
