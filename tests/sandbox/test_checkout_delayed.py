"""Checkout paid from a bank account: completed unpaid, paid or sent back days later."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import SESSION, types
from tests.sandbox.test_checkout_page import CARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

FOUR_DAYS = 4 * 24 * 3600 + 60
DONE = "http://127.0.0.1:5000/done?session="
BEGUN = ["payment_intent.created", "charge.pending", "payment_intent.processing", "checkout.session.completed"]
BANK = {
    "email": "buyer@example.com",
    "payment_method": "us_bank_account",
    "account_holder": "Jenny Rosen",
    "account_number": "000123456789",
    "routing_number": "110000000",
    "action": "pay",
}


def create(sdk: stripe.StripeClient, **changes: Any) -> Any:
    return sdk.v1.checkout.sessions.create(SESSION | changes)  # type: ignore[arg-type]


def item(currency: str) -> Any:
    data = {"currency": currency, "product_data": {"name": "x"}, "unit_amount": 900}
    return {"price_data": data, "quantity": 1}


def test_dollars_can_be_paid_by_card_or_bank_and_euros_by_card(sdk: stripe.StripeClient) -> None:
    assert create(sdk).payment_method_types == ["card", "us_bank_account"]
    assert create(sdk, line_items=[item("eur")]).payment_method_types == ["card"]


def test_named_payment_methods_are_the_only_ones(page: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    by_card, by_bank = (create(sdk, payment_method_types=[kind]) for kind in ("card", "us_bank_account"))
    assert 'name="account_number"' not in page(by_card.url).text
    assert 'name="card_number"' not in page(by_bank.url).text
    refused = page(by_card.url, BANK)
    assert (refused.status_code, "This way to pay is not offered." in refused.text) == (422, True)
    without_choice = {name: value for name, value in BANK.items() if name != "payment_method"}
    assert page(by_bank.url, without_choice).location == DONE + by_bank.id


def test_a_bank_account_cannot_be_named_for_euros(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="us_bank_account") as refused:
        create(sdk, line_items=[item("eur")], payment_method_types=["us_bank_account"])
    assert refused.value.param == "payment_method_types"


def test_the_page_offers_the_choice_with_the_card_first(page: Callable[..., Any], session: Any) -> None:
    text = " ".join(page(session.url).text.split())
    assert 'id="by-card" name="payment_method" value="card" checked' in text
    assert 'value="us_bank_account" checked' not in text
    for name in ("account_holder", "account_number", "routing_number"):
        assert f'<label for="{name}">' in text
    assert "<script" not in text


def test_a_bank_payment_completes_the_session_unpaid(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> None:
    assert inprocess.pay_by_bank(sandbox, session.id) == DONE + session.id
    found = sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.payment_method"]})
    assert (found.status, found.payment_status, found.url) == ("complete", "unpaid", None)
    assert found.payment_intent.status == "processing"  # type: ignore[union-attr]
    assert found.payment_intent.payment_method.us_bank_account.last4 == "6789"  # type: ignore[union-attr]
    assert (found.customer_details.name, found.customer_details.email) == ("Jenny Rosen", "buyer@example.com")  # type: ignore[union-attr]
    assert types(sdk) == BEGUN
    completed = sdk.v1.events.list({"type": "checkout.session.completed"}).data[0]
    assert completed.data.object["payment_status"] == "unpaid"


def test_days_later_the_session_is_paid_and_told_once(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> None:
    inprocess.pay_by_bank(sandbox, session.id)
    inprocess.advance(sandbox, FOUR_DAYS)
    inprocess.advance(sandbox, FOUR_DAYS)
    assert sdk.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert types(sdk) == [
        *BEGUN,
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
        "charge.updated",
        "balance.available",
    ]
    told = sdk.v1.events.list({"type": "checkout.session.async_payment_succeeded"}).data[0]
    assert told.data.object["payment_status"] == "paid"
    assert told["request"]["id"] is None
    assert sdk.v1.balance.retrieve().available[0].amount == 900 - 7


def test_or_it_failed_and_stays_unpaid(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> None:
    inprocess.pay_by_bank(sandbox, session.id, account="000222222227")
    inprocess.advance(sandbox, FOUR_DAYS)
    found = sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.status, found.payment_status) == ("complete", "unpaid")
    assert found.payment_intent.last_payment_error.code == "insufficient_funds"  # type: ignore[union-attr]
    assert types(sdk) == [
        *BEGUN,
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
    assert sdk.v1.balance.retrieve().available[0].amount == 0


def test_a_session_on_its_way_is_not_paid_a_second_time(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    inprocess.pay_by_bank(sandbox, session.id)
    assert page(session.url, CARD).location == DONE + session.id
    assert page(session.url, BANK).location == DONE + session.id
    assert len(sdk.v1.charges.list().data) == 1
    assert "Already on its way" in page(session.url).text
    with pytest.raises(stripe.InvalidRequestError, match="has a status of complete"):
        sdk.v1.checkout.sessions.expire(session.id)


def test_forms_sent_at_the_same_time_charge_once(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(page(session.url, CARD))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.location for answer in answers} == {DONE + session.id}
    assert len(sdk.v1.charges.list().data) == 1
    assert types(sdk).count("checkout.session.completed") == 1


WRONG = [
    ({"account_holder": ""}, "Your name is incomplete."),
    ({"account_number": "12a"}, "Your account number is incomplete."),
    ({"account_number": "123456789"}, "You must use a test bank account number in test mode."),
    ({"routing_number": "11"}, "Your routing number is incomplete."),
    ({"routing_number": "021000021"}, "Your routing number is invalid."),
    ({"email": ""}, "Your email is incomplete."),
    ({"payment_method": "cash"}, "This way to pay is not offered."),
]


@pytest.mark.parametrize(("typed", "reason"), WRONG)
def test_a_wrong_account_says_so_beside_the_field_and_keeps_what_was_typed(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any, typed: dict[str, str], reason: str
) -> None:
    answer = page(session.url, BANK | {"account_holder": "Ann Typed"} | typed)
    assert answer.status_code == 422
    assert reason in answer.text
    assert "account_holder" in typed or 'value="Ann Typed"' in answer.text
    assert types(sdk) == []


def test_a_name_on_the_card_is_kept_with_the_buyer(page: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "ann@example.com"})
    session = create(sdk, customer=customer.id, customer_update={"name": "auto"})
    page(session.url, CARD | {"name": "Ann Example"})
    found = sdk.v1.checkout.sessions.retrieve(session.id)
    assert found.customer_details
    assert (found.customer_details.name, found.customer_details.tax_ids) == ("Ann Example", [])
    assert sdk.v1.customers.retrieve(customer.id).name == "Ann Example"
    assert sdk.v1.charges.list().data[0].billing_details.name == "Ann Example"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"customer_update": {"name": "auto"}}, "`customer_update` can only be used with `customer`."),
    (
        {"payment_method_collection": "always"},
        "You can only set `payment_method_collection` if there are recurring prices.",
    ),
    ({"setup_intent_data": {"description": "x"}}, "You can not pass `setup_intent_data` in `payment` mode."),
    ({"after_expiration": {"recovery": {"enabled": True}}}, "The sandbox does not do Checkout Sessions with"),
    ({"saved_payment_method_options": {"payment_method_save": "enabled"}}, "The sandbox does not do Checkout Sessions"),
    ({"payment_method_types": ["klarna"]}, "The sandbox does not do the payment method type `klarna`"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_what_a_session_in_mode_payment_cannot_have_is_refused(
    sdk: stripe.StripeClient, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(sdk, **changes)
    assert message in str(refused.value.user_message)
