"""Topping up over HTTP: the form keeps what was typed, says what to write, and shows nobody else's top-up."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from randonumber.sandbox import inprocess
from randonumber.wallet import jobs
from tests.credits.saving import ASKS_ALWAYS, DECLINES_LATER
from tests.people import csrf_token, make_user, sign_in
from tests.wallet.conftest import AT_ONCE, Purse, stored

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

FORM_REF = "form-0001"


@pytest.fixture
def browser(purse: Purse, client: FlaskClient) -> FlaskClient:
    sign_in(client, purse.person)
    return client


def send(client: FlaskClient, amount: str, **fields: str) -> TestResponse:
    token = csrf_token(client, "/wallet")
    return client.post("/wallet/topups", data={"csrf_token": token, "form_ref": FORM_REF, "amount": amount, **fields})


def ref_of(address: str) -> str:
    return address.rpartition("/")[2]


def test_the_form_leads_to_stripes_page_and_back_to_the_top_up(purse: Purse, browser: FlaskClient) -> None:
    answer = send(browser, "50,00")
    assert answer.status_code == 303
    back = purse.sandbox.pay(answer.headers["Location"])
    assert back is not None
    page = browser.get(urlsplit(back).path)
    assert "on its way into your wallet" in page.text
    assert (stored(ref_of(back)).amount_minor, purse.stands) == (5_000, (0, 5_000, 0))
    shown = browser.get("/wallet").text
    assert "$50.00" in shown
    assert "on its way" in shown


def test_a_top_up_says_from_when_it_can_be_used(purse: Purse, browser: FlaskClient) -> None:
    ref = purse.top_up()
    jobs.sweep_all()
    funds_on = stored(ref).funds_on
    assert funds_on is not None
    day = f"{funds_on.day} {funds_on:%B %Y}"
    assert day in browser.get("/wallet").text
    assert day in browser.get(f"/wallet/topups/{ref}").text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "in dollars"),
        ("1e3", "plain digits"),
        ("-1", "above zero"),
        ("0.001", "at most two digits"),
        ("NaN", "plain digits"),
        ("9" * 30, "smaller amount"),
        ("1,234.50", "without separators"),
        ("\u0661\u0662", "plain digits"),
        ("4.99", "from $5.00 to $500.00"),
        ("500.01", "from $5.00 to $500.00"),
        ("0", "from $5.00 to $500.00"),
        ("12\x00", "plain digits"),
    ],
)
def test_what_is_no_amount_is_said_beside_the_field(purse: Purse, browser: FlaskClient, typed: str, says: str) -> None:
    answer = send(browser, typed)
    assert (answer.status_code, says in answer.text) == (422, True)
    assert purse.sandbox.exchanges == []


def test_the_form_keeps_what_was_typed(browser: FlaskClient) -> None:
    answer = send(browser, "1,234.50")
    assert 'value="1,234.50"' in answer.text
    assert f'value="{FORM_REF}"' in answer.text


@pytest.mark.parametrize("form_ref", ["", "short", "not a ref at all", "x" * 65])
def test_a_form_without_a_good_name_is_refused(browser: FlaskClient, form_ref: str) -> None:
    assert send(browser, "50", form_ref=form_ref).status_code == 422


def test_without_the_token_nothing_begins(purse: Purse, browser: FlaskClient) -> None:
    assert browser.post("/wallet/topups", data={"amount": "50", "form_ref": FORM_REF}).status_code == 400
    assert purse.sandbox.exchanges == []


def test_who_paid_by_a_slow_bank_is_not_led_to_pay_again(purse: Purse, browser: FlaskClient) -> None:
    started = purse.start()
    assert started.url is not None
    unpaid = browser.get(f"/wallet/topups/{started.ref}").text
    assert "Continue to payment" in unpaid
    inprocess.pay_by_bank(purse.sandbox.app, started.url)
    purse.deliver()
    page = browser.get(f"/wallet/topups/{started.ref}").text
    assert "Your payment is under way" in page
    assert "Continue to payment" not in page


def test_a_movement_leads_to_its_page(purse: Purse, browser: FlaskClient) -> None:
    ref = purse.top_up()
    assert f'<a href="/wallet/topups/{ref}">Top-up paid</a>' in browser.get("/wallet").text


def test_a_suggested_sum_is_one_press(purse: Purse, browser: FlaskClient) -> None:
    assert 'name="amount" value="$25.00"' in browser.get("/wallet").text
    assert send(browser, "$25.00").status_code == 303


def test_a_saved_card_is_offered_and_pays_at_once(purse: Purse, browser: FlaskClient) -> None:
    card = purse.save(AT_ONCE)
    assert "With Visa ending in 0077" in browser.get("/wallet").text
    answer = send(browser, "50", card=card.ref)
    assert answer.status_code == 303
    assert ref_of(answer.headers["Location"]).startswith("top_")
    assert sum(purse.stands) == 5_000


def test_a_declined_card_is_said_beside_it_and_the_form_can_be_sent_again(purse: Purse, browser: FlaskClient) -> None:
    card = purse.save(DECLINES_LATER)
    answer = send(browser, "50", card=card.ref)
    assert answer.status_code == 422
    assert "declined this card" in answer.text
    assert "Nothing was charged" in answer.text
    assert f'value="{FORM_REF}"' not in answer.text
    assert 'value="50"' in answer.text


def test_a_bank_that_asks_leads_to_stripes_page(purse: Purse, browser: FlaskClient) -> None:
    answer = send(browser, "50", card=purse.save(ASKS_ALWAYS).ref)
    assert answer.status_code == 303
    assert "/checkout/" in answer.headers["Location"]


@pytest.mark.parametrize("card", ["crd_none", "crd_" + "0" * 26, "x\x00", "'; --"])
def test_a_card_that_is_not_there_charges_nothing(purse: Purse, browser: FlaskClient, card: str) -> None:
    answer = send(browser, "50", card=card)
    assert (answer.status_code, "cannot pay any more" in answer.text) == (422, True)
    assert purse.sandbox.exchanges == []


def test_a_strangers_card_is_not_there(purse: Purse, client: FlaskClient) -> None:
    card = purse.save()
    sign_in(client, make_user())
    assert send(client, "50", card=card.ref).status_code == 422


def test_a_strangers_top_up_is_not_there(purse: Purse, client: FlaskClient) -> None:
    ref = purse.top_up()
    sign_in(client, make_user())
    assert client.get(f"/wallet/topups/{ref}").status_code == 404
    assert client.get("/wallet/topups/top_none").status_code == 404
    assert client.get("/wallet/topups/x%00").status_code == 404


def test_while_stripe_is_silent_the_top_up_is_kept_and_says_so(purse: Purse, browser: FlaskClient) -> None:
    purse.sandbox.fault("POST /v1/checkout/sessions", "reset_before")
    answer = send(browser, "50")
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"])
    assert "Stripe has not answered yet" in page.text
    assert 'http-equiv="refresh"' in page.text


def test_a_page_shows_what_was_taken_back(purse: Purse, browser: FlaskClient) -> None:
    ref = purse.top_up()
    purse.refund(ref, 2_000)
    purse.deliver()
    page = browser.get(f"/wallet/topups/{ref}").text
    assert "partly taken back" in page
    assert "$20.00" in page
