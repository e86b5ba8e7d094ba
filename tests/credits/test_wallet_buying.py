"""Credits for wallet money: all or nothing, once for each form, and never for money that is not there."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import hooks
from randonumber.credits import service
from randonumber.credits.models import PurchaseMethod, PurchaseStatus
from randonumber.credits.service import MoneyOwed, Order, WalletTooSmall
from randonumber.database import transaction
from randonumber.errors import RateLimited
from randonumber.ledger import queries
from randonumber.reconciliation import service as reconciliation
from tests.credits.conftest import FREE_CREDITS, Buyer, count, house, stored
from tests.credits.wallets import fill, left, owe_credits, owe_money
from tests.people import csrf_token, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


@pytest.fixture
def signed_in(client: FlaskClient, buyer: Buyer) -> FlaskClient:
    sign_in(client, buyer.person)
    return client


def buy(buyer: Buyer, quantity: int = 10, form_ref: str = "form-0001") -> str:
    person = hooks.Person(user_id=buyer.person.id, ref=buyer.person.ref, email=buyer.person.email)
    order = Order(quantity=quantity, form_ref=form_ref, method=PurchaseMethod.WALLET)
    return service.buy_from_wallet(person, order, network="10.0.0.0/24")


def send(client: FlaskClient, **fields: str) -> TestResponse:
    token = csrf_token(client, "/credits")
    given = {"form_ref": secrets.token_urlsafe(16), **fields}
    return client.post("/credits/wallet", data={"csrf_token": token, **given})


def at_once(app: Flask, buyer: Buyer, forms: list[str], quantity: int = 10) -> list[str | None]:
    """Buy with each form in a thread of its own; None where the wallet was too small."""

    def one(form_ref: str) -> str | None:
        with app.app_context():
            try:
                return buy(buyer, quantity, form_ref)
            except WalletTooSmall:
                return None

    with ThreadPoolExecutor(len(forms)) as threads:
        return list(threads.map(one, forms))


def test_wallet_money_buys_credits_at_once_and_without_stripe(
    signed_in: FlaskClient, buyer: Buyer, sandbox: StripeSandbox
) -> None:
    fill(buyer, 2_000)
    assert "$20.00" in signed_in.get("/credits").text
    answer = send(signed_in, quantity="10", amount="1", price="1", user_id="1")
    assert answer.status_code == 303
    purchase = stored(answer.headers["Location"].rsplit("/", 1)[1])
    assert (purchase.status, purchase.method, purchase.amount_minor) == ("paid", "wallet", 900)
    assert (buyer.credits, left(buyer), house("sales")) == (FREE_CREDITS + 10, 1_100, 900)
    assert house("stripe:balance") == 0
    assert sandbox.exchanges == []
    page = signed_in.get(answer.headers["Location"])
    assert "the credits are in your account" in page.text
    assert sandbox.exchanges == [], "the page of a paid purchase asks nobody"


def test_one_posting_holds_the_money_and_the_credits(buyer: Buyer) -> None:
    fill(buyer, 900)
    ref = buy(buyer)
    with transaction() as session:
        rows = session.execute(
            text("""
                SELECT source.kind AS source, destination.code AS destination, entries.amount, transactions.actor
                  FROM transactions JOIN entries ON entries.transaction_id = transactions.id
                  JOIN accounts AS source ON source.id = source_id
                  JOIN accounts AS destination ON destination.id = destination_id
                 WHERE transactions.kind = 'purchase' AND ref = :ref ORDER BY position
            """),
            {"ref": ref},
        ).all()
        [lot] = [lot for lot in queries.open_lots(session, buyer.person.id) if lot.source_ref == ref]
    assert [(row.source, row.amount) for row in rows] == [("wallet", 900), ("house", 10)]
    assert {row.actor for row in rows} == {f"user:{buyer.person.ref}"}
    assert (lot.left, lot.unit_price_minor, lot.expires_at) == (10, 90, None)
    assert (left(buyer), count("mail_messages", "template = 'receipt'")) == (0, 1)


@pytest.mark.pain(4)
def test_ten_equal_submits_at_once_buy_once(buyer: Buyer, committed: Flask) -> None:
    fill(buyer, 100_000)
    assert len(set(at_once(committed, buyer, ["form-0001"] * 10))) == 1
    assert (count("purchases"), left(buyer), buyer.credits) == (1, 99_100, FREE_CREDITS + 10)
    assert count("mail_messages", "template = 'receipt'") == 1


@pytest.mark.pain(8)
def test_of_ten_tabs_that_want_the_last_money_one_gets_it(buyer: Buyer, committed: Flask) -> None:
    fill(buyer, 1_799)
    found = at_once(committed, buyer, [f"form-{number:04}" for number in range(10)])
    assert len([ref for ref in found if ref]) == 1
    assert (count("purchases"), left(buyer), buyer.credits) == (1, 899, FREE_CREDITS + 10)


def test_the_same_form_with_another_quantity_takes_no_more_money(buyer: Buyer) -> None:
    fill(buyer, 100_000)
    assert buy(buyer, 10) == buy(buyer, 1_000)
    assert (count("purchases"), left(buyer)) == (1, 99_100)


def test_a_form_that_went_to_stripe_first_is_that_purchase(buyer: Buyer, sandbox: StripeSandbox) -> None:
    fill(buyer, 900)
    started = buyer.start()
    assert buy(buyer) == started.ref
    assert (left(buyer), stored(started.ref).status) == (900, PurchaseStatus.PENDING)


@pytest.mark.parametrize("held", [0, 1, 899])
def test_without_enough_money_the_form_says_what_is_missing_and_nothing_is_left(
    signed_in: FlaskClient, buyer: Buyer, held: int
) -> None:
    if held:
        fill(buyer, held)
    answer = send(signed_in, quantity="10")
    assert answer.status_code == 422
    assert "These cost $9.00" in answer.text
    assert 'value="10"' in answer.text
    assert (count("purchases"), left(buyer), buyer.credits) == (0, held, FREE_CREDITS)
    assert count("rate_limits", "name = 'purchases'") == 0


def test_the_exact_price_is_enough(buyer: Buyer) -> None:
    fill(buyer, 900)
    buy(buyer)
    assert left(buyer) == 0
    with pytest.raises(WalletTooSmall):
        buy(buyer, 1, "form-0002")


def test_whoever_owes_money_repays_it_first(signed_in: FlaskClient, buyer: Buyer) -> None:
    fill(buyer, 5_000)
    owe_money(buyer, 250)
    answer = send(signed_in, quantity="10")
    assert answer.status_code == 422
    assert "You owe $2.50" in answer.text
    assert (count("purchases"), left(buyer)) == (0, 5_000)
    with pytest.raises(MoneyOwed):
        buy(buyer)


def test_owed_credits_are_repaid_from_the_lot(buyer: Buyer) -> None:
    fill(buyer, 900)
    owe_credits(buyer, 4)
    buy(buyer)
    with transaction() as session:
        assert queries.wallet_balances(session, buyer.person.id).debt_credit == 0
    assert buyer.credits == FREE_CREDITS + 6
    with transaction() as session:
        mail = session.execute(text("SELECT text_body FROM mail_messages WHERE template = 'receipt'")).scalar_one()
    assert "4 of these credits" in mail


def test_what_dies_before_its_commit_has_not_bought(buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(buyer, 900)

    def die(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("randonumber.credits.mails.send_receipt", die)
        with pytest.raises(KeyboardInterrupt):
            buy(buyer)
    assert (count("purchases"), left(buyer), buyer.credits) == (0, 900, FREE_CREDITS)
    buy(buyer)
    assert (count("purchases"), left(buyer), buyer.credits) == (1, 0, FREE_CREDITS + 10)


def test_purchases_from_the_wallet_are_limited_too(buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(buyer, 900)
    monkeypatch.setattr("randonumber.credits.service.starting.PURCHASES_PER_HOUR", 1)
    buy(buyer, 1)
    with pytest.raises(RateLimited):
        buy(buyer, 1, "form-0002")
    assert count("purchases") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"quantity": ""},
        {"quantity": "0"},
        {"quantity": "-1"},
        {"quantity": "1.5"},
        {"quantity": "1e3"},
        {"quantity": "10001"},
        {"quantity": "9" * 5_000},
        {"quantity": "٣"},
        {"quantity": "\x00"},
        {"quantity": "1", "form_ref": ""},
        {"quantity": "1", "form_ref": "short"},
        {"quantity": "1", "form_ref": "abcdefgh\x00"},
    ],
)
def test_a_bad_order_comes_back_with_its_reasons_and_leaves_nothing(
    signed_in: FlaskClient, buyer: Buyer, fields: dict[str, str]
) -> None:
    fill(buyer, 900)
    answer = send(signed_in, **fields)
    assert answer.status_code == 422
    assert "field-error" in answer.text or 'role="alert"' in answer.text
    assert (count("purchases"), left(buyer)) == (0, 900)


@pytest.mark.parametrize(("held", "begins_with"), [(50, 1), (900, 10), (1_500, 16), (5_000, 25)])
def test_the_form_begins_with_what_the_wallet_can_pay(
    signed_in: FlaskClient, buyer: Buyer, held: int, begins_with: int
) -> None:
    fill(buyer, held)
    field = signed_in.get("/credits").text.split('id="wallet-quantity"')[1]
    assert f'value="{begins_with}"' in field.split(">")[0]


def test_an_empty_wallet_is_not_offered(signed_in: FlaskClient) -> None:
    assert 'action="/credits/wallet"' not in signed_in.get("/credits").text


def test_a_stranger_neither_sees_nor_pays(signed_in: FlaskClient, buyer: Buyer, committed: Flask) -> None:
    fill(buyer, 900)
    ref = buy(buyer)
    stranger = committed.test_client()
    sign_in(stranger, make_user())
    assert stranger.get(f"/credits/purchases/{ref}").status_code == 404
    assert committed.test_client().post("/credits/wallet", data={"quantity": "1"}).status_code == 400
    assert signed_in.post("/credits/wallet", data={"quantity": "1", "form_ref": "form-0009"}).status_code == 400


def test_the_books_agree_with_stripe_beside_a_purchase_by_card(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    url = buyer.start(10, "form-0002").url
    assert url is not None
    sandbox.pay(url)
    deliver_webhooks()
    fill(buyer, 900)
    buy(buyer)
    result = reconciliation.reconcile()
    assert result.agrees
    assert result.difference == 0
