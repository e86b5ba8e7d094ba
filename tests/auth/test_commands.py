"""The `users` commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from randonumber.auth import keys
from randonumber.database import transaction
from tests.people import Person, make_key, make_user, sign_in

if TYPE_CHECKING:
    from click.testing import Result
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def person(committed: Flask) -> Person:
    return make_user("ada@example.com")


def users(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["users", *arguments])


def test_create_makes_an_account_that_can_sign_in(committed: Flask, client: FlaskClient) -> None:
    result = users(committed, "create", "Bob@Example.com")
    assert result.exit_code == 0, result.output
    ref, email = result.output.splitlines()[0].split()
    password = result.output.splitlines()[1].removeprefix("password: ")
    assert sign_in(client, Person(id=0, ref=ref, email=email, password=password)).status_code == 303
    assert 'status-good">confirmed' in client.get("/account").text


def test_create_takes_a_password_and_keeps_it_to_itself(committed: Flask) -> None:
    result = users(committed, "create", "bob@example.com", "--password", "vermilion teapot 9", "--admin")
    assert result.exit_code == 0
    assert "vermilion" not in result.output
    assert "role: operator" in users(committed, "show", "bob@example.com").output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["create", "ada@example.com"], "has an account already"),
        (["create", "nonsense"], "not a mail address"),
        (["create", "bob@example.com", "--password", "short"], "at least 8"),
        (["show", "bob@example.com"], "No account has the address"),
        (["key", "bob@example.com"], "No account has the address"),
        (["set-admin", "bob@example.com"], "No account has the address"),
        (["disable", "bob@example.com"], "No account has the address"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    committed: Flask, person: Person, arguments: list[str], reason: str
) -> None:
    result = users(committed, *arguments)
    assert result.exit_code in {1, 2}
    assert reason in result.output
    assert "Traceback" not in result.output


def test_key_prints_a_key_with_every_scope_alone_on_its_last_line(committed: Flask, person: Person) -> None:
    result = users(committed, "key", "ADA@example.com")
    with transaction() as session:
        caller = keys.find(session, result.output.splitlines()[-1])
    assert caller is not None
    assert caller.scopes == {"draw", "read", "withdraw"}
    assert caller.user_id == person.id


def test_list_and_show_tell_who_there_is(committed: Flask, person: Person) -> None:
    make_key(person)
    assert person.ref in users(committed, "list").output
    row = json.loads(users(committed, "list", "--json").output)
    assert (row["email"], row["state"], row["role"]) == ("ada@example.com", "active", "user")
    shown = users(committed, "show", "ada@example.com").output
    assert "credits: " in shown
    assert "draw,read works test" in shown


def test_set_admin_makes_an_operator_and_takes_it_back(committed: Flask, client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    assert users(committed, "set-admin", "ada@example.com").exit_code == 0
    assert client.get("/account").status_code == 303  # the right begins with a sign-in
    assert "operator" in users(committed, "list").output
    users(committed, "set-admin", "ada@example.com", "--off")
    assert "operator" not in users(committed, "list").output


@pytest.mark.asvs("7.4.2")
def test_disable_shuts_the_account_and_can_be_undone(committed: Flask, client: FlaskClient, person: Person) -> None:
    key = make_key(person)
    sign_in(client, person)
    assert users(committed, "disable", "ada@example.com").exit_code == 0
    assert client.get("/account").status_code == 303
    assert "is disabled" in users(committed, "key", "ada@example.com").output
    with transaction() as session:
        assert keys.find(session, key) is None
    users(committed, "disable", "ada@example.com", "--undo")
    assert client.get("/account").status_code == 303  # its sessions stay dead
    assert sign_in(client, person).status_code == 303
