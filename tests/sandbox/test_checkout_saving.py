"""Checkout that pays and keeps the payment method for later, by `setup_future_usage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import SESSION, types

if TYPE_CHECKING:
    import stripe
    from flask import Flask

CHALLENGED = "4000002500003155"


def create(sdk: stripe.StripeClient, **changes: Any) -> Any:
    data = {"payment_intent_data": {"setup_future_usage": "off_session"}}
    return sdk.v1.checkout.sessions.create(SESSION | data | changes)  # type: ignore[arg-type]


def paid(sdk: stripe.StripeClient, session: Any) -> Any:
    """The session with its intent and payment method, as they are now."""
    return sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.payment_method"]})


def pay_again(sdk: stripe.StripeClient, session: Any, **more: Any) -> Any:
    """The status of a later payment with what was kept, nobody there."""
    intent = paid(sdk, session).payment_intent
    params = {
        "amount": 500,
        "currency": "usd",
        "customer": intent.customer,
        "payment_method": intent.payment_method.id,
        "off_session": True,
        "confirm": True,
    }
    return sdk.v1.payment_intents.create(params | more).status  # type: ignore[arg-type]


def test_the_card_is_kept_on_the_customer_and_pays_again(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "ann@example.com"})
    session = create(sdk, customer=customer.id)
    inprocess.pay(sandbox, session.id)
    assert paid(sdk, session).payment_intent.payment_method.customer == customer.id
    assert types(sdk).count("payment_method.attached") == 1
    assert pay_again(sdk, session) == "succeeded"


def test_a_guest_whose_card_is_kept_becomes_a_customer(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    session = create(sdk)
    inprocess.pay(sandbox, session.id, email="new@example.com")
    found = paid(sdk, session)
    assert sdk.v1.customers.retrieve(found.customer).email == "new@example.com"
    assert found.payment_intent.payment_method.customer == found.customer


def test_a_card_that_was_challenged_once_is_not_asked_again(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    session = create(sdk)
    inprocess.pay(sandbox, session.id, card=CHALLENGED)
    assert paid(sdk, session).payment_status == "paid"
    assert pay_again(sdk, session) == "succeeded"


def test_a_bank_account_is_kept_with_the_consent_to_later_debits(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    session = create(sdk)
    inprocess.pay_by_bank(sandbox, session.id)
    found = paid(sdk, session)
    assert found.payment_intent.payment_method.customer == found.customer
    assert pay_again(sdk, session, payment_method_types=["us_bank_account"]) == "processing"


def test_without_the_wish_nothing_is_kept(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({})
    session = create(sdk, customer=customer.id, payment_intent_data={})
    inprocess.pay(sandbox, session.id)
    assert paid(sdk, session).payment_intent.payment_method.customer is None
