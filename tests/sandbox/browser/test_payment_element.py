"""Paying with the Payment Element: the ways a payment goes, and where the buyer ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe

    from tests.sandbox.browser.buyer import Buyer

pytestmark = pytest.mark.browser

CHALLENGED = "4000002500003155"
DECLINED = "4000000000009995"


def intent_of(said: str, server_side: stripe.StripeClient) -> Any:
    """The intent that the shop's last page speaks of."""
    return server_side.v1.payment_intents.retrieve(said.rsplit(" ", 1)[1], {"expand": ["payment_method"]})


def test_a_card_pays_what_the_page_last_said(visit: Callable[..., Buyer], server_side: stripe.StripeClient) -> None:
    buyer = visit()
    buyer.open(amount=1500, then=2750)
    buyer.type_card()
    buyer.press_pay()
    said = buyer.come_back()
    assert said.startswith("order 7: succeeded, succeeded, pi_")
    intent = intent_of(said, server_side)
    assert intent.amount_received == 2750
    assert intent.payment_method.billing_details.name == "Ada"


def test_a_declined_card_is_answered_and_another_one_pays(visit: Callable[..., Buyer]) -> None:
    buyer = visit()
    buyer.open()
    buyer.type_card(DECLINED)
    buyer.press_pay()
    assert buyer.error() == "Your card has insufficient funds."
    error = buyer.answer()["error"]
    assert (error["type"], error["code"], error["decline_code"]) == (
        "card_error",
        "card_declined",
        "insufficient_funds",
    )
    assert error["payment_intent"]["status"] == "requires_payment_method"
    assert error["payment_method"]["card"]["last4"] == "9995"
    buyer.type_card()
    buyer.press_pay()
    assert buyer.come_back().startswith("order 7: succeeded, succeeded")


def test_what_the_bank_says_of_a_field_stands_beside_it(visit: Callable[..., Buyer]) -> None:
    buyer = visit()
    buyer.open()
    buyer.type_card("4000000000000127")
    buyer.press_pay()
    assert buyer.error() == "Your card's security code is incorrect."
    code = buyer.fields.get_by_label("Security code")
    assert code.get_attribute("aria-invalid") == "true"
    assert buyer.fields.locator("#code-error").inner_text() == "Your card's security code is incorrect."


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("Complete authentication", "succeeded, succeeded"), ("Fail authentication", "failed, requires_payment_method")],
)
@pytest.mark.parametrize("redirect", ["always", "if_required"])
def test_the_banks_question_leads_back_to_the_shop(
    visit: Callable[..., Buyer], redirect: str, answer: str, outcome: str
) -> None:
    buyer = visit()
    buyer.open(redirect=redirect)
    buyer.type_card(CHALLENGED)
    buyer.press_pay()
    buyer.challenge(answer)
    assert buyer.come_back().startswith(f"order 7: {outcome}, pi_")


def test_without_need_of_a_redirect_the_shop_gets_the_intent(visit: Callable[..., Buyer]) -> None:
    buyer = visit()
    buyer.open(redirect="if_required")
    buyer.type_card()
    buyer.press_pay()
    intent = buyer.answer()["paymentIntent"]
    assert (intent["status"], intent["amount"]) == ("succeeded", 1500)


def test_elements_of_an_intent_pay_that_intent(visit: Callable[..., Buyer], server_side: stripe.StripeClient) -> None:
    buyer = visit()
    buyer.open(flow="secret", amount=4200)
    buyer.type_card("378282246310005", "12/2040", "1234")
    buyer.press_pay()
    intent = intent_of(buyer.come_back(), server_side)
    assert (intent.amount_received, intent.payment_method.card.brand) == (4200, "amex")


@pytest.mark.parametrize("card", ["4242424242424242", CHALLENGED])
def test_a_card_is_saved_by_a_setup(visit: Callable[..., Buyer], server_side: stripe.StripeClient, card: str) -> None:
    buyer = visit()
    buyer.open(flow="setup")
    buyer.type_card(card)
    buyer.press_pay()
    if card == CHALLENGED:
        buyer.challenge("Complete authentication")
    said = buyer.come_back()
    assert said.startswith("order 7: succeeded, succeeded, seti_")
    assert server_side.v1.setup_intents.retrieve(said.rsplit(" ", 1)[1]).payment_method


def test_an_intent_that_asks_for_more_than_the_page_showed_is_not_paid(visit: Callable[..., Buyer]) -> None:
    buyer = visit()
    buyer.open(amount=1500, charge=9900)
    buyer.type_card()
    buyer.press_pay()
    assert buyer.error() == (
        "The provided amount (9900) does not match the expected amount (1500). Try confirming with a Payment Intent "
        "that is configured to use the same parameters as Stripe Elements."
    )
    assert buyer.answer()["error"]["type"] == "invalid_request_error"


def test_an_answer_lost_on_the_way_is_said_and_the_intent_tells_that_it_is_paid(
    visit: Callable[..., Buyer], stripe_url: str
) -> None:
    fault = {"operation": "POST /v1/payment_intents/{intent}/confirm", "fault": "reset_after"}
    requests.post(f"{stripe_url}/_sandbox/faults", json=fault, timeout=5).raise_for_status()
    buyer = visit()
    buyer.open(flow="secret")
    buyer.type_card()
    buyer.press_pay()
    assert buyer.error().startswith("We are experiencing issues connecting to our payments provider.")
    assert buyer.answer()["error"]["type"] == "api_connection_error"
    assert "ERR_EMPTY_RESPONSE" in buyer.messages.pop()
    buyer.press_pay()
    buyer.page.get_by_text("has already succeeded").wait_for()
    assert buyer.page.evaluate("answer.error.payment_intent.status") == "succeeded"


def test_a_card_is_typed_and_paid_by_keyboard_alone(visit: Callable[..., Buyer]) -> None:
    buyer = visit()
    buyer.open()
    keyboard = buyer.page.keyboard
    for text in ("4242424242424242", "1240", "123"):
        keyboard.press("Tab")
        keyboard.type(text)
    keyboard.press("Enter")
    assert buyer.come_back().startswith("order 7: succeeded")


def test_what_is_missing_is_said_and_gets_the_focus(visit: Callable[..., Buyer]) -> None:
    buyer = visit()
    buyer.open()
    buyer.type_card("4242424242424242", "12", "12")
    buyer.press_pay()
    assert buyer.error() == "Your card's expiration date is incomplete."
    expiry = buyer.fields.get_by_label("Expiration date")
    assert expiry.evaluate("field => document.activeElement === field")
    assert expiry.get_attribute("aria-describedby") == "expiry-error"
    assert buyer.fields.locator("#code-error").inner_text() == "Your card's security code is incomplete."


def test_the_shops_page_never_sees_the_card(visit: Callable[..., Buyer], stripe_url: str) -> None:
    buyer = visit()
    sent: list[tuple[str, str]] = []
    buyer.page.on("request", lambda request: sent.append((request.frame.url, request.post_data or "")))
    buyer.open(redirect="if_required")
    buyer.page.evaluate("window.seen = []; addEventListener('message', ({data}) => seen.push(JSON.stringify(data)))")
    buyer.type_card()
    buyer.press_pay()
    buyer.answer()
    with_card = [frame for frame, body in sent if "4242424242424242" in body]
    assert with_card
    assert all(frame.startswith(f"{stripe_url}/js/elements/payment") for frame in with_card)
    seen = " ".join(buyer.page.evaluate("seen"))
    assert "complete" in seen
    assert "4242 4242" not in seen
    assert "4242424242" not in seen
    assert buyer.page.evaluate("JSON.stringify(window.answer)").count("424242424") == 0


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (360, "dark"), (1280, "light"), (1280, "dark")])
def test_the_fields_are_clean_and_fit(visit: Callable[..., Buyer], width: int, scheme: str) -> None:
    buyer = visit(viewport={"width": width, "height": 740}, color_scheme=scheme)
    buyer.open()
    assert buyer.audit_fields() == []
    buyer.press_pay()
    assert buyer.error() == "Your card number is incomplete."
    assert buyer.audit_fields() == []
    assert buyer.audit() == []
    hidden = "document.documentElement.scrollHeight - window.innerHeight"
    buyer.page.wait_for_timeout(50)
    assert buyer.fields.locator("body").evaluate(hidden) <= 0
