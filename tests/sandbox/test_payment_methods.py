"""Payment methods and their customers, as recorded from Stripe's test mode in September 2026."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import types

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

KEYS = {
    "id", "object", "allow_redisplay", "billing_details", "card", "created", "customer", "customer_account",
    "livemode", "metadata", "shared_payment_granted_token", "type",
}  # fmt: skip


def token(name: str) -> Any:
    return {"type": "card", "card": {"token": name}}


def typed(number: str = "4242424242424242", **more: Any) -> Any:
    return {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123", **more}}


def refusal(call: Callable[[], Any]) -> dict[str, Any]:
    """Status and error of a refused call."""
    with pytest.raises(stripe.StripeError) as refused:
        call()
    body: dict[str, Any] = refused.value.json_body["error"]  # type: ignore[index]
    return {"status": refused.value.http_status, **{name: body[name] for name in body if name != "request_log_url"}}


@pytest.fixture
def customer(sdk: stripe.StripeClient) -> str:
    return sdk.v1.customers.create({}).id


def test_a_token_becomes_a_card_of_nobody_without_an_event(sdk: stripe.StripeClient) -> None:
    method = sdk.v1.payment_methods.create(token("tok_visa"))
    assert set(method.to_dict()) == KEYS
    assert (method.customer, method.card.last4, method.card.checks.cvc_check) == (None, "4242", "unchecked")  # type: ignore[union-attr]
    assert types(sdk) == []


@pytest.mark.parametrize(
    ("card", "code", "param", "message"),
    [
        ({"number": "4242424242424241"}, "incorrect_number", "number", "Your card number is incorrect."),
        ({"number": "42"}, "invalid_number", "number", "The card number is not a valid credit card number."),
        ({"exp_month": 13}, "invalid_expiry_month", "exp_month", "Your card's expiration month is invalid."),
        ({"exp_year": 2020}, "invalid_expiry_year", "exp_year", "Your card's expiration year is invalid."),
        ({"cvc": "12"}, "invalid_cvc", "cvc", "Your card's security code is invalid."),
    ],
)
def test_a_card_that_cannot_be_one_is_402(
    sdk: stripe.StripeClient, card: Any, code: str, param: str, message: str
) -> None:
    found = refusal(lambda: sdk.v1.payment_methods.create(typed(**card)))
    assert (found["status"], found["type"], found["code"]) == (402, "card_error", code)
    assert (found["param"], found["message"]) == (param, message)


def test_a_month_of_this_year_may_be_past(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    today = datetime.fromtimestamp(inprocess.now(sandbox), UTC)
    inprocess.advance(sandbox, (31 if today.month == 1 else 0) * 24 * 60 * 60)
    today = datetime.fromtimestamp(inprocess.now(sandbox), UTC)
    past = typed(exp_month=today.month - 1, exp_year=today.year)
    assert refusal(lambda: sdk.v1.payment_methods.create(past))["code"] == "invalid_expiry_month"
    now = typed(exp_month=today.month, exp_year=today.year % 100)
    assert sdk.v1.payment_methods.create(now).card.exp_year == today.year  # type: ignore[union-attr]


def test_attaching_asks_the_bank_once_and_may_be_repeated(sdk: stripe.StripeClient, customer: str) -> None:
    method = sdk.v1.payment_methods.create(token("tok_visa"))
    for _ in range(2):
        attached = sdk.v1.payment_methods.attach(method.id, {"customer": customer})
        assert (attached.customer, attached.card.checks.cvc_check) == (customer, "pass")  # type: ignore[union-attr]
    assert types(sdk) == ["customer.created", "payment_method.attached"]


def test_a_declined_card_cannot_be_attached(sdk: stripe.StripeClient, customer: str) -> None:
    method = sdk.v1.payment_methods.create(token("tok_visa_chargeDeclined"))
    assert refusal(lambda: sdk.v1.payment_methods.attach(method.id, {"customer": customer})) == {
        "status": 402,
        "advice_code": "try_again_later",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        "message": "Your card was declined.",
        "network_decline_code": "01",
        "param": "",
        "type": "card_error",
    }
    found = refusal(lambda: sdk.v1.customers.payment_methods.retrieve(customer, method.id))
    assert found == {"status": 404, "message": "Invalid request", "param": "customer", "type": "invalid_request_error"}


def test_a_card_that_declines_after_attaching_is_attached(sdk: stripe.StripeClient, customer: str) -> None:
    assert sdk.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).customer == customer


def test_lists_hold_the_methods_of_one_customer(sdk: stripe.StripeClient, customer: str) -> None:
    loose = sdk.v1.payment_methods.create(token("tok_visa"))
    own = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    sdk.v1.payment_methods.update(own.id, {"allow_redisplay": "limited"})
    lists: list[Any] = [
        sdk.v1.payment_methods.list({"customer": customer, "type": "card"}),
        sdk.v1.payment_methods.list({"customer": customer, "allow_redisplay": "limited"}),
        sdk.v1.customers.payment_methods.list(customer, {"type": "card"}),
    ]
    assert [[one.id for one in found.data] for found in lists] == [[own.id]] * 3
    assert lists[2].url == f"/v1/customers/{customer}/payment_methods"
    assert sdk.v1.payment_methods.list({"customer": customer, "allow_redisplay": "always"}).data == []
    assert sdk.v1.payment_methods.list({"limit": 3}).data == [], f"without a customer there are none, not {loose.id}"
    assert sdk.v1.customers.payment_methods.retrieve(customer, own.id).id == own.id


def test_unknown_customers_are_named_by_their_place(sdk: stripe.StripeClient) -> None:
    by_filter = refusal(lambda: sdk.v1.payment_methods.list({"customer": "cus_nope"}))
    by_address = refusal(lambda: sdk.v1.customers.payment_methods.list("cus_nope"))
    assert (by_filter["status"], by_filter["param"]) == (400, "customer")
    assert (by_address["status"], by_address["param"]) == (404, "id")
    assert by_filter["message"] == by_address["message"] == "No such customer: 'cus_nope'"


def test_a_saved_method_is_changed_and_told_of(sdk: stripe.StripeClient, customer: str) -> None:
    own = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    changes: Any = {"billing_details": {"name": "Ann"}, "card": {"exp_month": 3, "exp_year": 2041}}
    changed = sdk.v1.payment_methods.update(own.id, changes)
    assert (changed.billing_details.name, changed.card.exp_year) == ("Ann", 2041)  # type: ignore[union-attr]
    assert types(sdk)[-1] == "payment_method.updated"
    for address, shown in (({"city": "Bern"}, "Bern"), ({"line1": "Way 1"}, "Bern"), ("", None)):
        params: Any = {"billing_details": {"address": address}}
        again: Any = sdk.v1.payment_methods.update(own.id, params)
        assert (again.billing_details.name, again.billing_details.address.city) == ("Ann", shown)
    sdk.v1.payment_methods.update(own.id, {"allow_redisplay": "limited"})
    told: Any = sdk.v1.events.list({"type": "payment_method.updated"}).data[0]
    assert told.data.previous_attributes.to_dict() == {"allow_redisplay": "unspecified"}
    loose = sdk.v1.payment_methods.create(token("tok_visa")).id
    found = refusal(lambda: sdk.v1.payment_methods.update(loose, {"metadata": {"a": "1"}}))
    assert found["message"] == "You must save this PaymentMethod to a customer before you can update it."


def test_a_detached_method_is_gone_for_good(sdk: stripe.StripeClient, customer: str) -> None:
    own = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    sdk.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": own}})
    assert sdk.v1.payment_methods.detach(own).customer is None
    told: Any = sdk.v1.events.list({"type": "payment_method.detached"}).data[0]
    assert told.data.previous_attributes.to_dict() == {"customer": customer}
    assert sdk.v1.customers.retrieve(customer).invoice_settings.default_payment_method is None  # type: ignore[union-attr]
    assert refusal(lambda: sdk.v1.payment_methods.detach(own)) == {
        "status": 400,
        "message": "The payment method you provided is not attached to a customer so detachment is impossible.",
        "type": "invalid_request_error",
    }
    again = refusal(lambda: sdk.v1.payment_methods.attach(own, {"customer": customer}))
    assert "It may not be used again." in again["message"]


def test_a_method_has_one_customer(sdk: stripe.StripeClient, customer: str) -> None:
    own = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    other = sdk.v1.customers.create({}).id
    found = refusal(lambda: sdk.v1.payment_methods.attach(own, {"customer": other}))
    assert found["message"] == "The payment method you provided has already been attached to a customer."


def test_the_default_method_must_be_the_customers(sdk: stripe.StripeClient, customer: str) -> None:
    loose = sdk.v1.payment_methods.create(token("tok_visa")).id
    params: Any = {"invoice_settings": {"default_payment_method": loose}}
    found = refusal(lambda: sdk.v1.customers.update(customer, params))
    assert (found["status"], found["param"]) == (400, "invoice_settings[default_payment_method]")
    assert found["message"].startswith(f"The customer does not have a payment method with the ID {loose}. ")


def test_a_customer_comes_with_a_card_or_not_at_all(sdk: stripe.StripeClient) -> None:
    loose = sdk.v1.payment_methods.create(token("tok_visa")).id
    params: Any = {"payment_method": loose, "invoice_settings": {"default_payment_method": loose}}
    made = sdk.v1.customers.create(params)
    assert made.invoice_settings.default_payment_method == loose  # type: ignore[union-attr]
    assert types(sdk) == ["customer.created", "payment_method.attached"]
    assert refusal(lambda: sdk.v1.customers.create({"payment_method": "pm_card_chargeDeclined"}))["status"] == 402
    assert [found.id for found in sdk.v1.customers.list().data] == [made.id]


def test_a_deleted_customer_has_no_methods(sdk: stripe.StripeClient, customer: str) -> None:
    own = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    sdk.v1.customers.delete(customer)
    assert sdk.v1.payment_methods.retrieve(own).customer is None
    found = refusal(lambda: sdk.v1.payment_methods.list({"customer": customer}))
    assert (found["status"], found["message"]) == (400, f"No such customer: '{customer}'")


OTHERS: list[Any] = [{"type": "klarna"}, token("tok_visa") | {"klarna": {"dob": {"day": 1, "month": 1, "year": 1990}}}]


@pytest.mark.parametrize("params", OTHERS)
def test_other_types_are_refused_plainly(sdk: stripe.StripeClient, params: Any) -> None:
    assert refusal(lambda: sdk.v1.payment_methods.create(params))["message"].startswith("The sandbox does not do")
