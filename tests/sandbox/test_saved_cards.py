"""Cards that are kept for later, and paying with them on and off session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.conftest import make_sdk, types
from tests.sandbox.test_payment_methods import refusal, token, typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

RETURN = "http://127.0.0.1:5000/back"
UNLESS_SET_UP = "4000002500003155"
ALWAYS = "4000002760003184"
ALREADY_SET_UP = "4000003800000446"


@pytest.fixture
def customer(sdk: stripe.StripeClient) -> str:
    return sdk.v1.customers.create({}).id


def paying(method: str, **more: Any) -> Any:
    return {
        "amount": 1000, "currency": "usd", "payment_method": method, "confirm": True,
        "payment_method_types": ["card"], **more,
    }  # fmt: skip


def attached(sdk: stripe.StripeClient, customer: str, number: str) -> str:
    method = sdk.v1.payment_methods.create(typed(number)).id
    return sdk.v1.payment_methods.attach(method, {"customer": customer}).id


def test_a_saved_card_pays_again_and_again(sdk: stripe.StripeClient, customer: str) -> None:
    own = attached(sdk, customer, "4242424242424242")
    for off_session in (False, True):
        params = paying(own, customer=customer, off_session=off_session, expand=["latest_charge"])
        intent: Any = sdk.v1.payment_intents.create(params)
        assert (intent.status, intent.latest_charge.customer) == ("succeeded", customer)


def test_a_card_of_nobody_pays_once(sdk: stripe.StripeClient, customer: str) -> None:
    loose = sdk.v1.payment_methods.create(token("tok_visa")).id
    sdk.v1.payment_intents.create(paying(loose))
    for again in (
        lambda: sdk.v1.payment_intents.create(paying(loose)),
        lambda: sdk.v1.payment_methods.attach(loose, {"customer": customer}),
    ):
        found = refusal(again)
        assert found["status"] == 400
        assert found["message"].startswith("The provided PaymentMethod was previously used with a PaymentIntent")


def test_a_declined_card_of_nobody_may_be_tried_again(sdk: stripe.StripeClient) -> None:
    loose = sdk.v1.payment_methods.create(token("tok_chargeDeclined")).id
    assert [refusal(lambda: sdk.v1.payment_intents.create(paying(loose)))["status"] for _ in range(2)] == [402, 402]


@pytest.mark.parametrize("kept", [True, False])
def test_a_payment_keeps_its_card_when_asked(sdk: stripe.StripeClient, customer: str, *, kept: bool) -> None:
    more = {"setup_future_usage": "off_session"} if kept else {}
    intent = sdk.v1.payment_intents.create(paying("pm_card_visa", customer=customer, **more))
    found = sdk.v1.payment_methods.list({"customer": customer}).data
    assert [one.id for one in found] == ([intent.payment_method] if kept else [])
    assert ("payment_method.attached" in types(sdk)) == kept


def test_an_intent_takes_a_card_by_its_data(sdk: stripe.StripeClient) -> None:
    data = typed() | {"billing_details": {"name": "Ann"}}
    params = paying("", payment_method_data=data)
    del params["payment_method"]
    intent = sdk.v1.payment_intents.create(params)
    method = sdk.v1.payment_methods.retrieve(str(intent.payment_method))
    assert (intent.status, method.billing_details.name) == ("succeeded", "Ann")
    wrong = params | {"payment_method_data": typed("4242424242424241")}
    assert refusal(lambda: sdk.v1.payment_intents.create(wrong))["code"] == "incorrect_number"


def test_a_card_of_another_customer_is_refused(sdk: stripe.StripeClient, customer: str) -> None:
    own = attached(sdk, customer, "4242424242424242")
    other = sdk.v1.customers.create({}).id
    absent = refusal(lambda: sdk.v1.payment_intents.create(paying(own)))
    assert (absent["code"], absent["param"]) == ("parameter_missing", "source")
    assert absent["message"] == (
        f"The `payment_method` parameter supplied {own} belongs to the Customer {customer}. Please include the "
        "Customer in the `customer` parameter on the PaymentIntent."
    )
    wrong = refusal(lambda: sdk.v1.payment_intents.create(paying(own, customer=other)))
    assert wrong["message"].startswith(f"The PaymentMethod {own} does not belong to the Customer you supplied {other}.")


OFF_SESSION = [(UNLESS_SET_UP, False), (ALWAYS, False), ("4000000000003220", False), (ALREADY_SET_UP, True)]


@pytest.mark.parametrize(("number", "passes"), OFF_SESSION)
def test_off_session_nobody_answers_a_challenge(
    sdk: stripe.StripeClient, customer: str, number: str, *, passes: bool
) -> None:
    own = attached(sdk, customer, number)
    assert sdk.v1.payment_intents.create(paying(own, customer=customer)).status == "requires_action", "on session"
    params = paying(own, customer=customer, off_session=True)
    if passes:
        assert sdk.v1.payment_intents.create(params).status == "succeeded"
        return
    found = refusal(lambda: sdk.v1.payment_intents.create(params))
    assert (found["status"], found["code"], found["decline_code"]) == (402, *["authentication_required"] * 2)
    assert found["payment_intent"]["status"] == "requires_payment_method"
    assert found["payment_method"]["id"] == own
    assert "charge" not in found
    assert found["payment_intent"]["latest_charge"] is None


@pytest.mark.parametrize(("number", "passes"), [(UNLESS_SET_UP, True), (ALWAYS, False)])
@pytest.mark.parametrize("by", ["setup", "payment"])
def test_a_card_set_up_with_a_challenge_may_pay_off_session(
    sdk: stripe.StripeClient, page: Callable[..., Any], customer: str, number: str, *, by: str, passes: bool
) -> None:
    method = sdk.v1.payment_methods.create(typed(number)).id
    common: Any = {"customer": customer, "payment_method": method, "confirm": True, "payment_method_types": ["card"]}
    if by == "setup":
        intent: Any = sdk.v1.setup_intents.create(common)
    else:
        intent = sdk.v1.payment_intents.create(paying(method, customer=customer, setup_future_usage="off_session"))
    assert page(intent.next_action.redirect_to_url.url, {"action": "complete"}).status_code == 200
    params = paying(method, customer=customer, off_session=True)
    if passes:
        assert sdk.v1.payment_intents.create(params).status == "succeeded"
    else:
        assert refusal(lambda: sdk.v1.payment_intents.create(params))["code"] == "authentication_required"


def test_a_shop_that_handles_no_challenge_may_say_so(sdk: stripe.StripeClient) -> None:
    params = paying("pm_card_authenticationRequired", error_on_requires_action=True)
    found = refusal(lambda: sdk.v1.payment_intents.create(params))
    assert (found["code"], found["decline_code"]) == ("authentication_required", "authentication_not_handled")
    assert types(sdk) == ["payment_intent.created", "payment_intent.payment_failed"]


def test_a_shop_may_ask_for_a_challenge(sdk: stripe.StripeClient) -> None:
    options = {"card": {"request_three_d_secure": "any"}}
    params = paying("pm_card_threeDSecureOptional", payment_method_options=options)
    assert sdk.v1.payment_intents.create(params).status == "requires_action"
    assert sdk.v1.payment_intents.create(paying("pm_card_threeDSecureOptional")).status == "succeeded"


def test_an_abandoned_challenge_gives_way_to_another_card(sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.payment_intents.create(paying("pm_card_authenticationRequired")).id
    paid = sdk.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.next_action) == ("succeeded", None)


CONFLICTS: list[Any] = [
    {"payment_method_types": ["card"], "automatic_payment_methods": {"enabled": True}},
    {"confirmation_method": "manual", "automatic_payment_methods": {"enabled": True}},
    {"off_session": True},
    {"payment_method": "pm_card_visa", "payment_method_data": token("tok_visa")},
]


@pytest.mark.parametrize("params", CONFLICTS)
def test_what_does_not_go_together_is_refused(sdk: stripe.StripeClient, params: Any) -> None:
    found = refusal(lambda: sdk.v1.payment_intents.create({"amount": 1000, "currency": "usd"} | params))
    assert found["status"] == 400
    assert found["message"].startswith(("You may only specify one of these parameters: ", "The parameter `off_session"))


def test_a_method_of_a_type_not_offered_is_refused(sdk: stripe.StripeClient) -> None:
    found = refusal(lambda: sdk.v1.payment_intents.create(paying("pm_usBankAccount")))
    assert found["message"].startswith("The PaymentMethod provided (us_bank_account) is not allowed")


def test_a_page_pays_and_sees_no_more_than_it_needs(sandbox: Flask, sdk: stripe.StripeClient, customer: str) -> None:
    buyer = make_sdk(sandbox, "pk_test_one")
    intent = sdk.v1.payment_intents.create({"amount": 1000, "currency": "usd", "customer": customer})
    secret = {"client_secret": intent.client_secret}
    method = buyer.v1.payment_methods.create(typed("4000000000000002")).id
    confirming: Any = secret | {"payment_method": method, "return_url": RETURN, "use_stripe_sdk": True}
    declined = refusal(lambda: buyer.v1.payment_intents.confirm(intent.id, confirming))
    assert (declined["status"], declined["payment_intent"]["status"]) == (402, "requires_payment_method")
    data = confirming | {"payment_method_data": typed()}
    del data["payment_method"]
    paid = buyer.v1.payment_intents.confirm(intent.id, data).to_dict()
    read = buyer.v1.payment_intents.retrieve(intent.id, secret).to_dict()  # type: ignore[arg-type]
    assert (paid["status"], read["status"]) == ("succeeded", "succeeded")
    for seen in (declined["payment_intent"], paid, read):
        assert not {"customer", "metadata", "latest_charge", "amount_received", "transfer_group"} & set(seen)
    assert "latest_charge" in sdk.v1.payment_intents.retrieve(intent.id).to_dict()


def test_a_page_saves_a_card_by_its_secret_alone(sandbox: Flask, sdk: stripe.StripeClient, customer: str) -> None:
    buyer = make_sdk(sandbox, "pk_test_one")
    intent = sdk.v1.setup_intents.create({"customer": customer})
    params: Any = {"payment_method_data": typed(), "return_url": RETURN}
    with pytest.raises(stripe.InvalidRequestError, match="client_secret"):
        buyer.v1.setup_intents.confirm(intent.id, params)
    wrong = params | {"client_secret": f"{intent.id}_secret_x"}
    assert (
        "does not match any associated SetupIntent"
        in refusal(lambda: buyer.v1.setup_intents.confirm(intent.id, wrong))["message"]
    )
    found = buyer.v1.setup_intents.confirm(intent.id, params | {"client_secret": intent.client_secret}).to_dict()
    assert found["status"] == "succeeded"
    assert "customer" not in found
    assert len(sdk.v1.payment_methods.list({"customer": customer}).data) == 1
