"""SetupIntents, as recorded from Stripe's test mode in September 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import types
from tests.sandbox.test_payment_methods import refusal, token

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe

RETURN = "http://127.0.0.1:5000/back"
CARD: Any = {"payment_method_types": ["card"]}
KEYS = {
    "id", "object", "allowed_payment_method_types", "application", "automatic_payment_methods", "cancellation_reason",
    "client_secret", "created", "customer", "customer_account", "description", "excluded_payment_method_types",
    "flow_directions", "last_setup_error", "latest_attempt", "livemode", "managed_payments", "mandate", "metadata",
    "next_action", "on_behalf_of", "payment_method", "payment_method_configuration_details", "payment_method_options",
    "payment_method_types", "single_use_mandate", "status", "usage",
}  # fmt: skip


@pytest.fixture
def customer(sdk: stripe.StripeClient) -> str:
    return sdk.v1.customers.create({}).id


def test_a_new_intent_waits_for_a_method(sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.setup_intents.create({})
    assert set(intent.to_dict()) == KEYS
    assert (intent.status, intent.usage, intent.latest_attempt) == ("requires_payment_method", "off_session", None)
    assert sdk.v1.setup_intents.create({"usage": "on_session"}).usage == "off_session", "as recorded"
    assert types(sdk) == ["setup_intent.created"] * 2


def test_a_card_is_set_up_and_attached(sdk: stripe.StripeClient, customer: str) -> None:
    method = sdk.v1.payment_methods.create(token("tok_visa")).id
    params = CARD | {"customer": customer, "payment_method": method, "confirm": True, "expand": ["latest_attempt"]}
    intent: Any = sdk.v1.setup_intents.create(params)
    assert (intent.status, intent.payment_method) == ("succeeded", method)
    assert (intent.latest_attempt.status, intent.latest_attempt.setup_intent) == ("succeeded", intent.id)
    assert sdk.v1.payment_methods.retrieve(method).customer == customer
    assert types(sdk)[1:] == ["setup_intent.created", "payment_method.attached", "setup_intent.succeeded"]


def test_a_finished_intent_changes_in_words_alone(sdk: stripe.StripeClient, customer: str) -> None:
    intent = sdk.v1.setup_intents.create(CARD | {"payment_method": "pm_card_visa", "confirm": True}).id
    confirm = refusal(lambda: sdk.v1.setup_intents.confirm(intent))
    assert (confirm["status"], confirm["code"]) == (400, "setup_intent_unexpected_state")
    assert confirm["message"] == "You cannot confirm this SetupIntent because it has already succeeded."
    assert confirm["setup_intent"]["id"] == intent
    assert refusal(lambda: sdk.v1.setup_intents.cancel(intent))["message"] == (
        "You cannot cancel this SetupIntent because it has a status of succeeded. Only a SetupIntent with one of the "
        "following statuses may be canceled: `requires_payment_method`, `requires_confirmation`, or `requires_action`."
    )
    update = refusal(lambda: sdk.v1.setup_intents.update(intent, {"customer": customer}))
    assert update["message"] == "You cannot update this SetupIntent because it has already succeeded."
    assert sdk.v1.setup_intents.update(intent, {"description": "new"}).description == "new"


def test_a_method_of_another_customer_is_refused(sdk: stripe.StripeClient, customer: str) -> None:
    own = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    other = sdk.v1.customers.create({}).id
    wrong = (
        f"The PaymentMethod {own} does not belong to the Customer you supplied {other}. Please use this PaymentMethod "
        "with the Customer that it belongs to instead."
    )
    absent = (
        f"The payment method supplied ({own}) belongs to the Customer {customer}. Please include the Customer in the "
        "`customer` parameter on the SetupIntent."
    )
    found = refusal(lambda: sdk.v1.setup_intents.create(CARD | {"customer": other, "payment_method": own}))
    assert found == {
        "status": 400, "message": wrong, "param": "payment_method", "type": "invalid_request_error",
    }  # fmt: skip
    assert refusal(lambda: sdk.v1.setup_intents.create(CARD | {"payment_method": own}))["message"] == absent
    intent = sdk.v1.setup_intents.create(CARD).id
    for call in (sdk.v1.setup_intents.confirm, sdk.v1.setup_intents.update):
        kept = refusal(lambda call=call: call(intent, {"payment_method": own}))  # type: ignore[misc]
        assert (kept["message"], kept["setup_intent"]["status"]) == (absent, "requires_payment_method")


def test_nothing_can_be_confirmed_without_a_method(sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.setup_intents.create(CARD).id
    found = refusal(lambda: sdk.v1.setup_intents.confirm(intent))
    assert found["message"].startswith("You cannot confirm this SetupIntent because it's missing a payment method. ")
    assert found["setup_intent"]["id"] == intent


DECLINES = [
    ("pm_card_chargeDeclined", {"code": "card_declined", "decline_code": "generic_decline"}),
    ("pm_card_chargeDeclinedExpiredCard", {
        "advice_code": "confirm_card_data", "code": "expired_card", "decline_code": "expired_card",
        "network_advice_code": "03", "network_decline_code": "54", "param": "exp_month",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("card", "expected"), DECLINES)
def test_a_declined_card_is_402_and_the_intent_stays(
    sdk: stripe.StripeClient, card: str, expected: dict[str, str]
) -> None:
    found = refusal(lambda: sdk.v1.setup_intents.create(CARD | {"payment_method": card, "confirm": True}))
    assert (found["status"], found["type"]) == (402, "card_error")
    assert expected.items() <= found.items()
    assert "charge" not in found
    kept = sdk.v1.setup_intents.retrieve(found["setup_intent"]["id"], {"expand": ["latest_attempt"]})
    attempt: Any = kept.latest_attempt
    assert (kept.status, kept.payment_method) == ("requires_payment_method", None)
    assert expected.items() <= kept.last_setup_error.to_dict().items()  # type: ignore[union-attr]
    assert (attempt.status, attempt.setup_error.code) == ("failed", expected["code"])
    assert types(sdk) == ["setup_intent.created", "setup_intent.setup_failed"]


@pytest.mark.parametrize("passed", [True, False])
def test_a_challenge_saves_the_card_or_asks_for_another(
    sdk: stripe.StripeClient, page: Callable[..., Any], customer: str, *, passed: bool
) -> None:
    params: Any = {"customer": customer, "payment_method": "pm_card_authenticationRequired", "confirm": True}
    intent: Any = sdk.v1.setup_intents.create(params | {"return_url": RETURN})
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    url = intent.next_action.redirect_to_url.url
    assert "saved for later payments" in page(url).text
    answer = page(url, {"action": "complete" if passed else "fail"})
    assert answer.status_code == 303
    assert answer.location.startswith(f"{RETURN}?setup_intent={intent.id}&setup_intent_client_secret=seti_")
    assert answer.location.endswith("redirect_status=" + ("succeeded" if passed else "failed"))
    found: Any = sdk.v1.setup_intents.retrieve(intent.id, {"expand": ["latest_attempt"]})
    if passed:
        assert found.latest_attempt.payment_method_details.card.three_d_secure.result == "authenticated"
        assert len(sdk.v1.payment_methods.list({"customer": customer}).data) == 1
        assert types(sdk)[-3:] == [
            "setup_intent.requires_action", "payment_method.attached", "setup_intent.succeeded",
        ]  # fmt: skip
    else:
        assert found.last_setup_error.code == "setup_intent_authentication_failure"
        assert (found.status, types(sdk)[-1]) == ("requires_payment_method", "setup_intent.setup_failed")
    assert page(url, {"action": "complete"}).status_code == 409


def test_cancelling_ends_an_intent_once(sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.setup_intents.create(CARD | {"payment_method": "pm_card_visa"}).id
    ended = sdk.v1.setup_intents.cancel(intent, {"cancellation_reason": "duplicate"})
    assert (ended.status, ended.cancellation_reason) == ("canceled", "duplicate")
    again = refusal(lambda: sdk.v1.setup_intents.cancel(intent))["message"]
    assert again == "You cannot cancel this SetupIntent because it is already canceled."
    confirm = refusal(lambda: sdk.v1.setup_intents.confirm(intent))["message"]
    assert confirm == "You cannot confirm this SetupIntent because it has been canceled."
    assert types(sdk)[-1] == "setup_intent.canceled"


def test_cancelling_abandons_a_challenge(sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.setup_intents.create(CARD | {"payment_method": "pm_card_authenticationRequired", "confirm": True})
    ended: Any = sdk.v1.setup_intents.cancel(intent.id, {"expand": ["latest_attempt"]})
    assert (ended.status, ended.next_action, ended.latest_attempt.status) == ("canceled", None, "abandoned")


def test_intents_are_listed_by_customer_and_method(sdk: stripe.StripeClient, customer: str) -> None:
    own = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    one = sdk.v1.setup_intents.create(CARD | {"customer": customer}).id
    two = sdk.v1.setup_intents.create(CARD | {"customer": customer, "payment_method": own}).id
    sdk.v1.setup_intents.create(CARD)
    assert [found.id for found in sdk.v1.setup_intents.list({"customer": customer}).data] == [two, one]
    assert [found.id for found in sdk.v1.setup_intents.list({"payment_method": own}).data] == [two]


def test_an_unknown_intent_is_404_in_stripes_words(sdk: stripe.StripeClient) -> None:
    found = refusal(lambda: sdk.v1.setup_intents.retrieve("seti_nope"))
    assert (found["status"], found["param"]) == (404, "intent")
    assert found["message"] == "No such setupintent: 'seti_nope'"


def test_a_bank_account_needs_a_mandate(sdk: stripe.StripeClient, customer: str) -> None:
    params: Any = {
        "customer": customer, "payment_method": "pm_usBankAccount", "confirm": True,
        "payment_method_types": ["us_bank_account"],
    }  # fmt: skip
    assert "requires a mandate" in refusal(lambda: sdk.v1.setup_intents.create(params))["message"]
    consent = {"customer_acceptance": {"type": "offline", "offline": {}}}
    intent = sdk.v1.setup_intents.create(params | {"mandate_data": consent})
    assert intent.status == "succeeded"
    assert str(intent.mandate).startswith("mandate_")
    assert len(sdk.v1.payment_methods.list({"customer": customer}).data) == 1
