"""Small facts that recordings of Stripe's test mode show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import answer_challenge
from tests.sandbox.charging import charge
from tests.sandbox.conftest import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

RETURN = "http://127.0.0.1:5000/back"


def card_of(sdk: stripe.StripeClient, charge_id: str) -> Any:
    return sdk.v1.charges.retrieve(charge_id).to_dict()["payment_method_details"]["card"]


def declined(sdk: stripe.StripeClient, card: str) -> Any:
    params: Any = {"amount": 900, "currency": "usd", "payment_method": card, "confirm": True, "return_url": RETURN}
    with pytest.raises(stripe.CardError) as refused:
        sdk.v1.payment_intents.create(params)
    error: Any = refused.value.error
    return error.to_dict()


def test_a_charge_says_how_the_network_took_it(sdk: stripe.StripeClient) -> None:
    first, second, other = (card_of(sdk, charge(sdk, f"pm_card_{name}")) for name in ("visa", "visa", "amex"))
    assert first["authorization_code"].isdecimal()
    assert len(first["authorization_code"]) == 6
    assert first["network_transaction_id"].isdecimal()
    assert len(first["network_transaction_id"]) == 15
    assert first["network_transaction_id"] == second["network_transaction_id"] != other["network_transaction_id"]
    assert first["electronic_commerce_indicator"] == "07"


def test_a_declined_charge_says_so_too(sdk: stripe.StripeClient) -> None:
    card = card_of(sdk, declined(sdk, "pm_card_chargeDeclined")["charge"])
    assert (len(card["authorization_code"]), card["amount_authorized"]) == (6, None)
    assert len(card["network_transaction_id"]) == 15


def test_a_passed_challenge_shows_on_the_charge(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    params: Any = {
        "amount": 900,
        "currency": "usd",
        "payment_method": "pm_card_authenticationRequired",
        "confirm": True,
        "return_url": RETURN,
    }
    intent = sdk.v1.payment_intents.create(params)
    answer_challenge(sandbox, f"/challenge/{intent.id}")
    paid: Any = sdk.v1.payment_intents.retrieve(intent.id).latest_charge
    card = card_of(sdk, paid)
    assert card["electronic_commerce_indicator"] == card["three_d_secure"]["electronic_commerce_indicator"] == "05"


@pytest.mark.parametrize(("token", "last4"), [("createDispute", "0259"), ("createDisputeInquiry", "1976")])
@pytest.mark.parametrize("start", ["tok_", "tok_visa_"])
def test_tokens_of_disputes_have_two_names(sdk: stripe.StripeClient, start: str, token: str, last4: str) -> None:
    method: Any = sdk.v1.payment_methods.create({"type": "card", "card": {"token": start + token}})
    assert method.card.last4 == last4


@pytest.mark.parametrize(
    ("name", "country"), [("br", "BR"), ("in", "IN"), ("jp", "JP"), ("mx", "MX"), ("ca", "CA"), ("visa", "US")]
)
def test_cards_come_from_many_countries(sdk: stripe.StripeClient, name: str, country: str) -> None:
    method: Any = sdk.v1.payment_methods.create({"type": "card", "card": {"token": f"tok_{name}"}})
    assert method.card.country == country
    assert charge(sdk, f"pm_card_{name}")


@pytest.mark.parametrize("code", ["IncorrectCvc", "ProcessingError", "ExpiredCard"])
def test_a_decline_with_a_code_of_its_own_repeats_it(sdk: stripe.StripeClient, code: str) -> None:
    error = declined(sdk, f"pm_card_chargeDeclined{code}")
    assert error["decline_code"] == error["code"]


def test_dynamic_payment_methods_name_the_configuration_they_come_from(sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    details: Any = intent.payment_method_configuration_details
    assert details.id.startswith("pmc_1")
    assert details.parent is None
    others: list[Any] = [sdk.v1.setup_intents.create(), sdk.v1.checkout.sessions.create(SESSION)]  # type: ignore[arg-type]
    assert [one.payment_method_configuration_details.id for one in others] == [details.id, details.id]


def test_named_payment_methods_come_from_no_configuration(sdk: stripe.StripeClient) -> None:
    types: Any = {"payment_method_types": ["card"]}
    payment = sdk.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    assert sdk.v1.payment_intents.update(payment.id, types).payment_method_configuration_details is None
    setup = sdk.v1.setup_intents.create()
    assert sdk.v1.setup_intents.update(setup.id, types).payment_method_configuration_details is None
    session = sdk.v1.checkout.sessions.create(SESSION | types)
    assert session.payment_method_configuration_details is None


def test_a_paid_intent_says_when_it_could_have_been_canceled(sdk: stripe.StripeClient) -> None:
    paid: Any = sdk.v1.charges.retrieve(charge(sdk)).payment_intent
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.payment_intents.cancel(paid)
    assert str(refused.value.user_message).endswith("requires_confirmation, requires_action, expired, processing.")


def test_the_transfer_group_of_a_charge_is_changed_on_its_intent(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.charges.update(paid, {"transfer_group": "order_42", "description": "new"})
    assert str(refused.value.user_message).startswith("This Charge was created by a PaymentIntent (pi_")
    assert (refused.value.code, refused.value.param) == (None, None)
    assert sdk.v1.charges.retrieve(paid).description is None, "and nothing of it is done"


@pytest.mark.parametrize(
    ("attached", "message"),
    [
        (False, "This Customer doesn't have any saved payment details. Attach a legacy Token,"),
        (True, "This Customer doesn't have any legacy saved payment details, but does have a Payment Method attached."),
    ],
)
def test_a_customer_is_not_charged_without_an_intent(
    sdk: stripe.StripeClient,
    raw: Callable[..., Any],
    attached: bool,  # noqa: FBT001
    message: str,
) -> None:
    customer = sdk.v1.customers.create({})
    if attached:
        sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    answer = raw("POST", "/v1/charges", data={"amount": "900", "currency": "usd", "customer": customer.id})
    error = answer.json["error"]
    assert (answer.status_code, error["type"], error["code"], error["param"]) == (402, "card_error", "missing", "card")
    assert error["message"].startswith(message)


def test_a_balance_gives_a_customer_the_currency_of_its_account(sdk: stripe.StripeClient) -> None:
    assert sdk.v1.customers.create({"balance": 100}).currency == "usd"
    customer = sdk.v1.customers.create({"balance": 0})
    assert customer.currency is None
    assert sdk.v1.customers.update(customer.id, {"balance": -5}).currency == "usd"
    assert sdk.v1.customers.update(customer.id, {"balance": 0}).currency == "usd"
    seller = sdk.v1.accounts.create({"type": "express", "country": "DE"})
    assert sdk.v1.customers.create({"balance": 1}, {"stripe_account": seller.id}).currency == "eur"


def test_retired_card_tokens_blame_no_parameter(raw: Callable[..., Any]) -> None:
    error = raw("POST", "/v1/charges", data={"amount": "900", "currency": "usd", "source": "tok_visa"}).json["error"]
    assert "param" not in error
    assert error["message"].endswith("https://dashboard.stripe.com/settings/developers/api-policies")
