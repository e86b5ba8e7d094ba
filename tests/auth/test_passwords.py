"""Passwords: which are taken, and how they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select

from randonumber.auth import passwords
from randonumber.auth.models import User
from randonumber.database import transaction
from tests.people import PASSWORD, Person, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

COMMON = """
12345678 123456789 1234567890 87654321 11111111 00000000 12341234 123123123 11223344 147258369 password
password1 Password123! P@ssw0rd passw0rd PASSWORD passwordpassword qwertyui qwerty123 1q2w3e4r 1qaz2wsx
zaq12wsx asdfghjkl qazwsxedc iloveyou iloveyou2 princess1 sunshine1 football99 baseball1 letmein123 welcome1
Welcome2026! trustno1 superman1 batman123 monkey123 dragon12 master12 michael1 jordan23 charlie1 computer1
internet starwars Summer2026! winter2025 admin123 administrator root1234 changeme changeme123 default1
secret123 abcd1234 abc12345 aa123456 aaaaaaaa abababab liverpool1 chelsea1 barcelona randonumber
RandoNumber1 rando-number! number123 jackpot1 stripe123 bitcoin1 mustang1 pokemon1 minecraft1 fuckyou1
whatever1 chocolate1 butterfly1 hello1234
"""


def varied(length: int) -> str:
    """A password of this length that no list holds."""
    return "".join(chr(0x21 + (7 * place + place * place) % 90) for place in range(length))


@pytest.mark.asvs("6.2.1")
@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        (varied(7), False),
        (varied(8), True),
        (varied(64), True),
        (varied(128), True),
        (varied(129), False),
        (varied(1_025), False),
        ("ein Käsebrötchen mit Öl", True),
        ("  spaces on both sides  ", True),
        ("онлайн чайник зелёный", True),
        ("allinlowercasevermilion", True),
        ("🦜🦜🫖🎻🛶🧭🪁🧶", True),
    ],
)
def test_length_is_what_counts(password: str, is_taken: bool) -> None:  # noqa: FBT001 - the expected answer
    assert (passwords.problem(password) is None) is is_taken


@pytest.mark.asvs("6.2.4")
@pytest.mark.asvs("6.2.11")
@pytest.mark.parametrize(
    "password",
    COMMON.split(),
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert passwords.problem(password) is not None


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "tr0ub4dor&3x", PASSWORD, "long-enough-secret", "9gT#mm2!xQ", "kZ8-hb3q"],
)
def test_what_nobody_tries_first_is_taken(password: str) -> None:
    assert passwords.problem(password) is None


def test_ones_own_address_is_no_password() -> None:
    assert passwords.problem("ada.lovelace", ["ada.lovelace@example.com"]) is not None
    assert passwords.problem("lovelace1815", ["ada.lovelace@example.com"]) is not None


@pytest.mark.asvs("6.2.8")
def test_only_the_exact_password_matches(committed: Flask) -> None:
    password = "Vermilion Teapot 9 " + varied(100)
    kept = passwords.digest(password)
    assert passwords.verify(password, kept)[0]
    for other in (password + " ", password.rstrip() + "x", password.lower(), password[:72], password[:100]):
        assert not passwords.verify(other, kept)[0]


@pytest.mark.asvs("11.4.2")
def test_what_is_kept_is_argon2id_of_the_strength_that_owasp_asks_for(committed: Flask) -> None:
    person = make_user()
    with transaction() as session:
        kept = session.scalars(select(User.password).where(User.id == person.id)).one()
    assert kept is not None
    parameters = extract_parameters(kept)
    assert kept.startswith("$argon2id$")
    assert parameters.memory_cost >= 19_456
    assert parameters.time_cost >= 2


def test_a_hash_of_an_older_kind_is_renewed_at_the_sign_in(client: FlaskClient) -> None:
    person = make_user()
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    store(person, weak)
    assert sign_in(client, person).status_code == 303
    with transaction() as session:
        kept = session.scalars(select(User.password).where(User.id == person.id)).one()
    assert kept is not None
    assert extract_parameters(kept).memory_cost >= 19_456
    assert passwords.verify(PASSWORD, kept) == (True, None)


def test_nothing_overlong_is_hashed(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def verify_and_update(self, *_: object) -> None:
            pytest.fail("hashed")

    kept = passwords.digest(PASSWORD)
    monkeypatch.setattr(committed.extensions["security"], "pwd_context", Refusing())
    assert passwords.verify("x" * 1_025, kept) == (False, None)
    assert passwords.problem("x" * 1_025) is not None


def store(person: Person, kept: str) -> None:
    """Keep this hash for the person."""
    with transaction() as session:
        session.scalars(select(User).where(User.id == person.id)).one().password = kept
