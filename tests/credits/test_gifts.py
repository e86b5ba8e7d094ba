"""Free credits come once to a mailbox, however its address is written; an account may still be made."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from randonumber import hooks
from randonumber.config import ROOT
from randonumber.credits.models import FreeCreditClaim
from randonumber.credits.service import gifts, grant
from randonumber.database import transaction
from tests.credits.conftest import FREE_CREDITS, Buyer, count
from tests.people import make_user, register, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

TOLD = "Free credits come once to each mailbox"


def credits_of(address: str) -> int:
    return Buyer(person=make_user(address)).credits


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann+Shop@Example.com", "ann@example.com"),
        ("ann+a+b@example.com", "ann@example.com"),
        ("an.n@example.com", "an.n@example.com"),
        ("a.n.n+x@gmail.com", "ann@gmail.com"),
        ("a.nn@googlemail.com", "ann@gmail.com"),
        ("+tag@example.com", "+tag@example.com"),
        ("ann@bücher.example", "ann@bücher.example"),
    ],
)
def test_an_address_has_one_normal_form(address: str, mailbox: str) -> None:
    assert gifts.mailbox(address) == mailbox


@pytest.mark.pain(25)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ann@example.com", "ann+2@example.com"),
        ("ann+1@example.com", "ann+2@example.com"),
        ("ann.lee@gmail.com", "a.nnlee@gmail.com"),
        ("annlee@gmail.com", "ann.lee+x@googlemail.com"),
    ],
)
def test_a_second_account_of_a_mailbox_is_made_and_given_none(committed: Flask, first: str, second: str) -> None:
    assert credits_of(first) == FREE_CREDITS
    assert credits_of(second) == 0
    assert count("users") == 2
    assert count("free_credit_claims") == count("transactions", "kind = 'grant'") == 1


def test_other_mailboxes_are_given_theirs(committed: Flask) -> None:
    for address in ("ann@example.com", "an.n@example.com", "ann@example.org", "ann@gmail.com"):
        assert credits_of(address) == FREE_CREDITS


@pytest.mark.pain(25)
def test_of_accounts_of_one_mailbox_made_at_once_one_is_given_credits(committed: Flask) -> None:
    def make(number: int) -> int:
        with committed.app_context():
            return credits_of(f"ann+{number}@example.com")

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(make, range(6))) == [0, 0, 0, 0, 0, FREE_CREDITS]
    assert count("transactions", "kind = 'grant'") == 1


def test_the_same_account_again_is_given_no_more(committed: Flask, buyer: Buyer) -> None:
    person = hooks.Person(user_id=buyer.person.id, ref=buyer.person.ref, email=buyer.person.email)
    with transaction() as session:
        hooks.run_confirmed(committed, session, person)
    assert buyer.credits == FREE_CREDITS


def test_who_is_not_confirmed_claims_nothing(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    config = committed.extensions["config"]
    monkeypatch.setitem(committed.extensions, "config", replace(config, stripe_api_base=None))
    make_user("ann+squatter@example.com", confirmed=False)
    assert credits_of("ann@example.com") == FREE_CREDITS


def test_a_claim_that_is_rolled_back_was_never_made(committed: Flask) -> None:
    ann = make_user("ann@example.org")
    person = hooks.Person(user_id=ann.id, ref="usr_other", email="bob@example.com")
    with committed.extensions["sessions"]() as session:
        assert gifts.claim(session, person)
        session.rollback()
    assert credits_of("bob@example.com") == FREE_CREDITS


def test_no_address_is_kept_with_a_claim(committed: Flask, buyer: Buyer) -> None:
    with transaction() as session:
        [claim] = session.scalars(select(FreeCreditClaim)).all()
    assert claim.mailbox_hash == gifts.digest(buyer.person.email)
    assert len(claim.mailbox_hash) == 32


def test_the_page_after_the_registration_says_it_kindly_and_names_nobody(client: FlaskClient, committed: Flask) -> None:
    make_user("ann@example.com")
    landed = client.get(register(client, "ann+2@example.com").headers["Location"])
    assert TOLD in landed.text
    assert "ann@example.com" not in landed.text
    account = client.get("/account").text
    assert TOLD in account
    assert "ann@example.com" not in account


def test_whoever_has_or_had_credits_is_told_nothing(client: FlaskClient, committed: Flask) -> None:
    first = make_user("ann@example.com")
    second = make_user("ann+2@example.com")
    with transaction() as session:
        grant(session, user_id=second.id, credits_=1, reason="sorry", actor="operator:ann")
    for person in (first, second):
        visitor = committed.test_client()
        sign_in(visitor, person)
        assert TOLD not in visitor.get("/account").text


def test_where_there_are_no_free_credits_nobody_is_told(
    client: FlaskClient, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user("ann@example.com")
    second = make_user("ann+2@example.com")
    config = committed.extensions["config"]
    monkeypatch.setitem(committed.extensions, "config", replace(config, free_credits=0))
    sign_in(client, second)
    assert TOLD not in client.get("/account").text


def test_the_migration_claims_for_whoever_had_free_credits_before(committed: Flask) -> None:
    addresses = ["ann+1@example.com", "b.o.b+x@googlemail.com", "+c@example.com", "dän@bücher.example"]
    people = [make_user(address) for address in addresses]
    before = _claims()
    with transaction() as session:
        session.execute(text("DELETE FROM free_credit_claims"))
        session.connection().exec_driver_sql(_migration().GIVEN)
    assert _claims() == before == {gifts.digest(person.email): person.id for person in people}


def _claims() -> dict[bytes, int]:
    with transaction() as session:
        return {claim.mailbox_hash: claim.user_id for claim in session.scalars(select(FreeCreditClaim))}


def _migration() -> Any:
    file = ROOT / "migrations" / "versions" / "0009_purchases_whole.py"
    spec = importlib.util.spec_from_file_location("purchases_whole", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
