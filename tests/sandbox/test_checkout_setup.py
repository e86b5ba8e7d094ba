"""Checkout in mode setup: a card is kept for later, and nothing is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import types
from tests.sandbox.test_checkout_page import CARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

DONE = "http://127.0.0.1:5000/done?session="
SAVED = ["setup_intent.created", "payment_method.attached", "setup_intent.succeeded", "checkout.session.completed"]
SETUP: dict[str, Any] = {
    "mode": "setup",
    "currency": "usd",
    "success_url": DONE + "{CHECKOUT_SESSION_ID}",
    "cancel_url": "http://127.0.0.1:5000/cancelled",
    "setup_intent_data": {"metadata": {"user": "7"}},
}


def create(sdk: stripe.StripeClient, **changes: Any) -> Any:
    params = {name: value for name, value in (SETUP | changes).items() if value is not None}
    return sdk.v1.checkout.sessions.create(params)  # type: ignore[arg-type]


@pytest.fixture
def customer(sdk: stripe.StripeClient) -> Any:
    return sdk.v1.customers.create({"email": "ann@example.com"})


def test_a_session_opens_with_its_setup_intent_and_no_amount(sdk: stripe.StripeClient, customer: Any) -> None:
    session = create(sdk, customer=customer.id)
    assert (session.mode, session.status, session.payment_status) == ("setup", "open", "no_payment_required")
    assert (session.amount_total, session.currency, session.payment_intent) == (None, "usd", None)
    intent = sdk.v1.setup_intents.retrieve(session.setup_intent)
    assert (intent.status, intent.customer) == ("requires_payment_method", customer.id)
    assert intent.metadata["user"] == "7"  # type: ignore[index]
    assert types(sdk) == ["customer.created", "setup_intent.created"]
    assert sdk.v1.checkout.sessions.line_items.list(session.id).data == []


def test_saving_a_card_attaches_it_and_completes_the_session(
    sandbox: Flask, sdk: stripe.StripeClient, customer: Any
) -> None:
    session = create(sdk, customer=customer.id)
    assert inprocess.pay(sandbox, session.id) == DONE + session.id
    found = sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (found.status, found.payment_status, found.url) == ("complete", "no_payment_required", None)
    intent: Any = found.setup_intent
    assert intent.status == "succeeded"
    assert sdk.v1.payment_methods.retrieve(intent.payment_method).customer == customer.id
    assert types(sdk) == ["customer.created", *SAVED]
    assert sdk.v1.charges.list().data == []


def test_the_saved_card_pays_later_with_nobody_there(sandbox: Flask, sdk: stripe.StripeClient, customer: Any) -> None:
    session = create(sdk, customer=customer.id)
    inprocess.pay(sandbox, session.id, card="4000002500003155")
    intent = sdk.v1.setup_intents.retrieve(sdk.v1.checkout.sessions.retrieve(session.id).setup_intent)  # type: ignore[arg-type]
    params: Any = {"amount": 900, "currency": "usd", "customer": customer.id, "payment_method": intent.payment_method}
    paid = sdk.v1.payment_intents.create(params | {"off_session": True, "confirm": True})
    assert paid.status == "succeeded"


def test_without_a_customer_one_is_made_only_when_asked(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    nobody, somebody = create(sdk), create(sdk, customer_creation="always")
    for session in (nobody, somebody):
        inprocess.pay(sandbox, session.id, email="new@example.com")
    assert sdk.v1.checkout.sessions.retrieve(nobody.id).customer is None
    found: Any = sdk.v1.checkout.sessions.retrieve(somebody.id, {"expand": ["customer", "setup_intent.payment_method"]})
    assert found.customer.email == "new@example.com"
    assert found.setup_intent.payment_method.customer == found.customer.id


def test_a_declined_card_says_why_and_another_one_is_saved(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient, customer: Any
) -> None:
    session = create(sdk, customer=customer.id)
    refused = page(session.url, CARD | {"card_number": "4000000000000002"})
    assert refused.status_code == 422
    assert "Your card was declined." in refused.text
    assert types(sdk)[-1] == "setup_intent.setup_failed"
    assert inprocess.pay(sandbox, session.id) == DONE + session.id


def test_a_challenge_comes_back_to_the_shop_when_passed(
    page: Callable[..., Any], sandbox: Flask, sdk: stripe.StripeClient, customer: Any
) -> None:
    session = create(sdk, customer=customer.id)
    challenge = page(session.url, CARD | {"card_number": "4000002500003155"}).location
    assert "/challenge/seti_" in challenge
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert inprocess.answer_challenge(sandbox, challenge) == DONE + session.id
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert types(sdk) == [
        "customer.created",
        "setup_intent.created",
        "setup_intent.requires_action",
        *SAVED[1:],
    ]


def test_a_failed_challenge_comes_back_to_the_form(
    page: Callable[..., Any], sandbox: Flask, sdk: stripe.StripeClient, customer: Any
) -> None:
    session = create(sdk, customer=customer.id)
    challenge = page(session.url, CARD | {"card_number": "4000002500003155"}).location
    back = inprocess.answer_challenge(sandbox, challenge, "fail")
    assert str(back).endswith(f"/checkout/{session.id}")
    assert "We are unable to authenticate your payment method." in page(back).text
    assert inprocess.pay(sandbox, session.id) == DONE + session.id


def test_a_card_is_saved_once_however_often_the_button_is_pressed(
    page: Callable[..., Any], sdk: stripe.StripeClient, customer: Any
) -> None:
    session = create(sdk, customer=customer.id)
    assert {page(session.url, CARD).location for _ in range(3)} == {DONE + session.id}
    assert types(sdk).count("payment_method.attached") == 1
    assert "Already saved" in page(session.url).text


def test_the_page_speaks_of_saving_and_takes_cards_alone(page: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    text = page(create(sdk).url).text
    assert "<h1" in text
    assert "Save card" in text
    assert "Nothing is paid now." in text
    assert "us_bank_account" not in text


def test_expiring_gives_the_setup_up(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    by_hand, by_time = create(sdk), create(sdk)
    sdk.v1.checkout.sessions.expire(by_hand.id)
    inprocess.advance(sandbox, 25 * 3600)
    for session in (by_hand, by_time):
        assert sdk.v1.setup_intents.retrieve(session.setup_intent).status == "canceled"
        assert sdk.v1.checkout.sessions.retrieve(session.id).status == "expired"
        assert inprocess.pay(sandbox, session.id) is None


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"currency": None}, "Missing required param: currency."),
    ({"success_url": None}, "Missing required param: success_url."),
    (
        {"line_items": [{"price": "price_1", "quantity": 1}]},
        "You can not pass `line_items` in `setup` mode.",
    ),
    ({"payment_intent_data": {"description": "x"}}, "You can not pass `payment_intent_data` in `setup` mode."),
    ({"payment_method_types": ["us_bank_account"], "currency": "usd"}, "The sandbox does not do"),
    ({"currency": "xxx"}, "Invalid currency: xxx"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_what_cannot_be_set_up_is_refused(sdk: stripe.StripeClient, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(sdk, **changes)
    assert message in str(refused.value.user_message)
    assert types(sdk) == []


def test_named_types_need_no_currency(sdk: stripe.StripeClient) -> None:
    session = create(sdk, currency=None, payment_method_types=["card"])
    assert (session.currency, session.payment_method_types) == (None, ["card"])
