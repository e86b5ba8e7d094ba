"""The page of auto top-up: it says what is agreed to, and turning it off always works."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from flask import current_app
from sqlalchemy import text

from randonumber import clock
from randonumber.database import transaction
from tests.credits.conftest import Buyer, count
from tests.credits.saving import ASKS_ALWAYS, DECLINES_LATER, Saver
from tests.credits.topping import PRICE, Owner
from tests.people import make_user, sign_in, submit

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.stripe_fixtures import RunJobs, StripeSandbox

PAGE = "/account/auto-topup"
GOOD = {"enabled": "1", "threshold": "5", "quantity": "10", "monthly_cap": "50.00"}


@pytest.fixture
def owner(buyer: Buyer, sandbox: StripeSandbox, run_jobs: RunJobs) -> Owner:
    return Owner(saver=Saver(buyer=buyer, sandbox=sandbox), run_jobs=run_jobs)


@pytest.fixture
def browser(client: FlaskClient, owner: Owner) -> FlaskClient:
    sign_in(client, owner.saver.buyer.person)
    return client


def send(browser: FlaskClient, **fields: str) -> TestResponse:
    return submit(browser, PAGE, **{**GOOD, **fields})


def test_it_is_off_until_its_owner_agrees(browser: FlaskClient, owner: Owner) -> None:
    page = browser.get(PAGE).text
    assert "save a card" in page
    assert "checked" not in page
    assert "I agree" in page
    owner.saver.save()
    assert "Visa ending in 4242" in browser.get(PAGE).text
    answer = send(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    page = browser.get(PAGE).text
    assert "When fewer than 5 credits are left, it buys 10 credits for $9.00 with Visa ending in 4242." in page
    assert "$0.00 of at most $50.00" in page
    assert owner.row.consented_at is not None
    assert "active" in browser.get("/account").text.split('id="auto-topup"')[1][:400]


def test_between_purchases_of_which_one_is_not_enough_no_limit_is_said_to_be_reached(
    browser: FlaskClient, owner: Owner
) -> None:
    owner.saver.save()
    owner.turn_on(threshold=20, cap=10_000)
    owner.round()
    assert (owner.credits, owner.row.next_try_at is None) == (13, False)
    page = browser.get(PAGE).text
    assert "limit reached" not in page
    assert "$9.00 of at most $100.00" in page


@pytest.mark.parametrize(
    ("typed", "cents"), [("50.00", 5_000), ("50", 5_000), ("50,00", 5_000), ("9", 900), ("100000", 10_000_000)]
)
def test_the_cap_is_money_as_people_type_it(browser: FlaskClient, owner: Owner, typed: str, cents: int) -> None:
    owner.saver.save()
    assert send(browser, monthly_cap=typed).status_code == 303
    assert owner.row.monthly_cap_minor == cents


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("threshold", "0", "Write a whole number from 1"),
        ("threshold", "-1", "Write a whole number from 1"),
        ("threshold", "10001", "Write a whole number from 1"),
        ("threshold", "", "Write a whole number from 1"),
        ("quantity", "0", "Write a whole number from 1"),
        ("quantity", "10001", "Write a whole number from 1"),
        ("quantity", "1e3", "Write a whole number from 1"),
        ("monthly_cap", "8.99", "One purchase costs $9.00"),
        ("monthly_cap", "", "Type an amount"),
        ("monthly_cap", "1,000.00", "Type an amount"),
        ("monthly_cap", "100000.01", "Write at most $100,000.00"),
        ("monthly_cap", "9" * 40, "Type an amount"),
        ("monthly_cap", "5\x000", "Type an amount"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_nothing_is_agreed(
    browser: FlaskClient, owner: Owner, field: str, typed: str, told: str
) -> None:
    owner.saver.save()
    answer = send(browser, **{field: typed})
    assert answer.status_code == 422
    assert told in answer.text
    assert count("auto_topups") == 0


def test_without_a_card_it_says_how_to_save_one(browser: FlaskClient) -> None:
    answer = send(browser)
    assert answer.status_code == 422
    assert "Save a card first" in answer.text
    assert 'href="/account/cards"' in answer.text
    assert count("auto_topups") == 0


def test_turning_it_off_works_whatever_else_is_sent(browser: FlaskClient, owner: Owner) -> None:
    assert submit(browser, PAGE).status_code == 303
    owner.saver.save()
    send(browser)
    assert submit(browser, PAGE, threshold="x", quantity="-1", monthly_cap="?").status_code == 303
    assert owner.row.enabled is False
    send(browser)
    assert send(browser, enabled="off").status_code == 303
    assert owner.row.enabled is False
    assert "nothing is bought by itself" in browser.get(PAGE).text


@pytest.mark.pain(23)
def test_a_stopped_one_says_why_and_how_to_begin_again(browser: FlaskClient, owner: Owner) -> None:
    owner.saver.save(DECLINES_LATER)
    send(browser)
    now = clock.now()
    for hours in (0, 2, 9):
        with clock.frozen(now + timedelta(hours=hours)):
            owner.round()
        if not hours:
            assert "It tries again" in browser.get(PAGE).text
    page = browser.get(PAGE).text
    assert "Three tries in a row were not paid." in page
    assert "save a card that pays" in page
    assert "Three tries" in browser.get("/account").text
    [letter] = letters("auto_topup_stopped")
    assert "Three tries in a row were not paid." in letter
    assert f"{PAGE}" in letter


def letters(template: str) -> list[str]:
    """Return the text of every mail of this kind that was sent: the outbox forgets it."""
    with transaction() as session:
        refs = session.scalars(text("SELECT ref FROM mail_messages WHERE template = :name"), {"name": template}).all()
    folder = current_app.extensions["config"].instance_path / "mail"
    files = [file for ref in refs for file in folder.glob(f"*-{ref}.eml")]
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    return [str(mail.get_body(["plain"])) for mail in mails]


def test_a_bank_that_asks_leads_to_the_purchase(browser: FlaskClient, owner: Owner) -> None:
    owner.saver.save(ASKS_ALWAYS)
    send(browser)
    owner.look()
    owner.run_jobs(early=True)
    owner.look()
    page = browser.get(PAGE).text
    assert f'href="/credits/purchases/{owner.last.ref}"' in page
    assert "needs you" in page


def test_a_limit_that_is_reached_says_when_it_goes_on(browser: FlaskClient, owner: Owner) -> None:
    owner.saver.save()
    send(browser, threshold="1000", monthly_cap="9.00")
    owner.round()
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        owner.round()
    if owner.row.next_try_at is not None:  # the month may end within these two minutes
        assert "limit reached" in browser.get(PAGE).text
    send(browser, threshold="1000", monthly_cap="18.00")
    owner.round()
    assert sum(one.amount_minor for one in owner.purchases) == 2 * PRICE


def test_a_stranger_sees_and_changes_nothing_of_it(browser: FlaskClient, owner: Owner) -> None:
    owner.saver.save()
    send(browser)
    stranger = make_user()
    browser.delete_cookie("session")
    sign_in(browser, stranger)
    assert "4242" not in browser.get(PAGE).text
    submit(browser, PAGE)
    assert owner.row.enabled is True


def test_nobody_signed_in_is_led_to_the_sign_in(client: FlaskClient) -> None:
    assert client.get(PAGE).headers["Location"].startswith("/login")
