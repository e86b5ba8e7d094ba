"""Receipts and the history: what was paid, by what, and what went back; for its owner alone."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text, update

from randonumber import hooks
from randonumber.credits import service
from randonumber.credits.models import Purchase, PurchaseMethod
from randonumber.credits.service import Order
from randonumber.credits.views import history
from randonumber.database import transaction
from tests.credits.conftest import Buyer, stored
from tests.credits.wallets import fill, owe_credits
from tests.people import csrf_token, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.stripe_fixtures import StripeSandbox


@pytest.fixture
def signed_in(client: FlaskClient, buyer: Buyer) -> FlaskClient:
    sign_in(client, buyer.person)
    return client


@pytest.fixture
def by_card(buyer: Buyer, sandbox: StripeSandbox) -> Purchase:
    """A purchase of ten credits that a card has paid."""
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url)
    service.refresh_purchase(started.ref, actor="test")
    return stored(started.ref)


def from_wallet(buyer: Buyer, quantity: int = 10, form_ref: str = "form-0009") -> str:
    fill(buyer, 100_000)
    person = hooks.Person(user_id=buyer.person.id, ref=buyer.person.ref, email=buyer.person.email)
    order = Order(quantity=quantity, form_ref=form_ref, method=PurchaseMethod.WALLET)
    return service.buy_from_wallet(person, order, network="10.0.0.0/24")


def mail_of(kind: str) -> tuple[str, str]:
    with transaction() as session:
        query = text("SELECT text_body, html_body FROM mail_messages WHERE template = :kind ORDER BY id DESC LIMIT 1")
        row = session.execute(query, {"kind": kind}).one()
        return row.text_body, row.html_body


def lines_of(client: FlaskClient) -> list[dict[str, str]]:
    answer = client.get("/credits/purchases.csv")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "purchases.csv" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_a_receipt_says_what_was_paid_and_by_which_card(signed_in: FlaskClient, by_card: Purchase) -> None:
    page = signed_in.get(f"/credits/purchases/{by_card.ref}/receipt")
    assert page.status_code == 200
    for words in (
        by_card.ref,
        "10 credits",
        "$0.90",
        "$9.00",
        "Visa ending in 4242",
        "Rando Number",
        by_card.payment_id,
    ):
        assert str(words) in page.text
    assert str(by_card.receipt_url).replace("&", "&amp;") in page.text
    assert "Paid in all" not in page.text


def test_a_receipt_of_wallet_money_says_so(signed_in: FlaskClient, buyer: Buyer) -> None:
    ref = from_wallet(buyer)
    page = signed_in.get(f"/credits/purchases/{ref}/receipt").text
    assert "Wallet" in page
    assert "$9.00" in page
    assert "Stripe’s receipt" not in page
    words, page = mail_of("receipt")
    assert "Paid with Wallet" in words
    assert f"/credits/purchases/{ref}/receipt" in words
    assert f"/credits/purchases/{ref}/receipt" in page


def test_a_receipt_says_which_credits_were_owed(signed_in: FlaskClient, buyer: Buyer) -> None:
    owe_credits(buyer, 4)
    ref = from_wallet(buyer)
    page = signed_in.get(f"/credits/purchases/{ref}/receipt").text
    assert "4 credits of these went to the ones that you owed" in page


def test_the_receipt_by_mail_says_how_it_was_paid_and_leads_to_the_one_to_print(by_card: Purchase) -> None:
    words, page = mail_of("receipt")
    for body in (words, page):
        assert "Visa ending in 4242" in body
        assert f"/credits/purchases/{by_card.ref}/receipt" in body


def test_a_receipt_shows_what_went_back(signed_in: FlaskClient, buyer: Buyer) -> None:
    ref = from_wallet(buyer)
    form = {"csrf_token": csrf_token(signed_in, "/credits"), "form_ref": "form-0010"}
    assert signed_in.post(f"/credits/purchases/{ref}/refund", data=form).status_code == 303
    page = signed_in.get(f"/credits/purchases/{ref}/receipt").text
    assert "-$9.00" in page
    assert "Paid in all" in page
    assert "$0.00" in page
    [line] = lines_of(signed_in)
    assert (line["refunded_minor"], line["status"]) == ("900", "refunded")
    assert "$9.00" in signed_in.get("/credits/purchases").text


@pytest.mark.parametrize("status", ["pending", "failed", "expired", "review"])
def test_there_is_no_receipt_before_it_is_paid(
    signed_in: FlaskClient, buyer: Buyer, sandbox: StripeSandbox, status: str
) -> None:
    ref = buyer.start().ref
    with transaction() as session:
        session.execute(update(Purchase).where(Purchase.ref == ref).values(status=status))
    assert signed_in.get(f"/credits/purchases/{ref}/receipt").status_code == 404


def test_receipts_and_the_history_are_nobody_elses(signed_in: FlaskClient, by_card: Purchase, committed: Flask) -> None:
    stranger = committed.test_client()
    assert stranger.get(f"/credits/purchases/{by_card.ref}/receipt").status_code == 303
    assert stranger.get("/credits/purchases.csv").status_code == 303
    sign_in(stranger, make_user())
    assert stranger.get(f"/credits/purchases/{by_card.ref}/receipt").status_code == 404
    assert lines_of(stranger) == []


def test_the_history_shows_how_each_was_paid_and_leads_to_its_papers(
    signed_in: FlaskClient, by_card: Purchase, buyer: Buyer
) -> None:
    ref = from_wallet(buyer)
    page = signed_in.get("/credits/purchases").text
    for words in ("Visa ending in 4242", "Stripe’s page", "Wallet"):
        assert words in page
    for one in (by_card.ref, ref):
        assert f"/credits/purchases/{one}/receipt" in page
        assert f"/credits/purchases/{one}#refund" in page
    assert str(by_card.receipt_url).replace("&", "&amp;") in page


def test_an_unpaid_purchase_has_no_papers(signed_in: FlaskClient, buyer: Buyer, sandbox: StripeSandbox) -> None:
    ref = buyer.start().ref
    page = signed_in.get("/credits/purchases").text
    assert ref in page
    assert f"{ref}/receipt" not in page
    assert f"{ref}#refund" not in page


def test_the_csv_holds_every_purchase_in_minor_units_and_iso_moments(
    signed_in: FlaskClient, by_card: Purchase, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LINES_AT_ONCE", 2)
    refs = [by_card.ref, *(from_wallet(buyer, 1, f"form-{number:04}") for number in range(10, 14))]
    lines = lines_of(signed_in)
    assert [line["purchase"] for line in lines] == refs[::-1]
    last = lines[-1]
    assert (last["amount_minor"], last["unit_price_minor"], last["currency"]) == ("900", "90", "usd")
    assert (last["credits"], last["refunded_minor"], last["method"]) == ("10", "0", "checkout")
    assert (last["paid_with"], last["payment"]) == ("Visa ending in 4242", by_card.payment_id)
    assert datetime.fromisoformat(last["ordered_at"]).utcoffset() is not None
    assert datetime.fromisoformat(last["paid_at"]) == by_card.paid_at


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(signed_in: FlaskClient, by_card: Purchase) -> None:
    with transaction() as session:
        session.execute(update(Purchase).values(card_brand='=HYPERLINK("http://x"),', card_last4="1"))
    [line] = lines_of(signed_in)
    assert line["paid_with"].startswith("'=")
