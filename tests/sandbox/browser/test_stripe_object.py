"""What a shop's script gets from Stripe(): objects, answers and events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe

    from tests.sandbox.browser.buyer import Buyer

pytestmark = pytest.mark.browser


@pytest.fixture
def buyer(visit: Callable[..., Buyer]) -> Buyer:
    """Somebody at a shop whose page may evaluate what the test writes."""
    found = visit(bypass_csp=True)
    found.open()
    return found


@pytest.fixture
def intent(server_side: stripe.StripeClient) -> Any:
    return server_side.v1.payment_intents.create({"amount": 1500, "currency": "usd"})


def test_an_intent_is_read_with_its_secret(buyer: Buyer, intent: Any) -> None:
    found = buyer.run(f"stripe.retrievePaymentIntent('{intent.client_secret}')")["paymentIntent"]
    assert (found["id"], found["amount"], found["object"]) == (intent.id, 1500, "payment_intent")


def test_a_wrong_secret_is_answered_with_stripes_error(buyer: Buyer, intent: Any) -> None:
    error = buyer.run(f"stripe.retrievePaymentIntent('{intent.id}_secret_nothing')")["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "resource_missing")


def test_the_account_that_a_page_acts_for_goes_along(buyer: Buyer, intent: Any) -> None:
    other = "Stripe('pk_test_shop', {stripeAccount: 'acct_1nobody'})"
    error = buyer.run(f"{other}.retrievePaymentIntent('{intent.client_secret}')")["error"]
    assert error["code"] == "account_invalid"


def test_a_known_payment_method_pays_without_an_element(buyer: Buyer, intent: Any) -> None:
    given = f"clientSecret: '{intent.client_secret}', confirmParams: {{payment_method: 'pm_card_visa'}}"
    answer = buyer.run(f"stripe.confirmPayment({{{given}, redirect: 'if_required'}})")
    assert answer["paymentIntent"]["status"] == "succeeded"


def test_a_known_payment_method_that_is_declined_is_answered(buyer: Buyer, intent: Any) -> None:
    given = f"clientSecret: '{intent.client_secret}', confirmParams: {{payment_method: 'pm_card_chargeDeclined'}}"
    error = buyer.run(f"stripe.confirmPayment({{{given}, redirect: 'if_required'}})")["error"]
    assert (error["type"], error["code"], error["decline_code"]) == ("card_error", "card_declined", "generic_decline")


def test_the_banks_question_is_asked_of_what_the_server_confirmed(
    buyer: Buyer, server_side: stripe.StripeClient, shop_url: str
) -> None:
    intent = server_side.v1.payment_intents.create(
        {
            "amount": 1500,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_threeDSecure2Required",
            "return_url": f"{shop_url}/return?order=8",
        }
    )
    buyer.page.evaluate(f"void shop.stripe.handleNextAction({{clientSecret: '{intent.client_secret}'}})")
    buyer.challenge("Complete authentication")
    assert buyer.come_back().startswith("order 8: succeeded, succeeded")


def test_without_a_return_address_the_banks_question_leads_back_to_the_page_that_asked(
    buyer: Buyer, intent: Any
) -> None:
    given = (
        f"clientSecret: '{intent.client_secret}', confirmParams: {{payment_method: 'pm_card_threeDSecure2Required'}}"
    )
    buyer.page.evaluate(f"void shop.stripe.confirmPayment({{{given}, redirect: 'if_required'}})")
    buyer.challenge("Fail authentication")
    buyer.page.wait_for_url(re.compile(rf"/pay\?.*payment_intent={intent.id}.*redirect_status=failed"))


def test_an_intent_without_a_question_is_answered_at_once(buyer: Buyer, intent: Any) -> None:
    found = buyer.run(f"stripe.handleNextAction({{clientSecret: '{intent.client_secret}'}})")
    assert found["paymentIntent"]["id"] == intent.id


def test_a_payment_method_is_made_for_the_server(buyer: Buyer, server_side: stripe.StripeClient) -> None:
    buyer.page.evaluate(
        "shop.element.destroy(); Object.assign(shop, {elements: shop.stripe.elements("
        "{mode: 'payment', amount: 700, currency: 'usd', paymentMethodCreation: 'manual'})});"
        "const defaultValues = {billingDetails: {email: 'ada@example.com'}};"
        "shop.elements.create('payment', {defaultValues}).mount('#element')"
    )
    buyer.type_card("5555555555554444")
    assert buyer.run("elements.submit()") == {"selectedPaymentMethod": "card"}
    made = buyer.run("stripe.createPaymentMethod({elements, params: {billing_details: {name: 'Ada'}}})")[
        "paymentMethod"
    ]
    kept = server_side.v1.payment_methods.retrieve(made["id"])
    assert kept.card
    assert kept.card.brand == "mastercard"
    assert (kept.billing_details.name, kept.billing_details.email) == ("Ada", "ada@example.com")


UNLIKE = {
    "mode: 'payment', amount: 1500, currency: 'eur'": "currency (usd) does not match the expected currency (eur)",
    "mode: 'payment', amount: 1500, currency: 'usd', setupFutureUsage: 'off_session'": (
        "setup_future_usage (null) does not match the expected setup_future_usage (off_session)"
    ),
    "mode: 'setup', currency: 'usd'": "mode (payment) does not match the expected mode (setup)",
}


def test_an_intent_unlike_the_elements_is_not_paid(buyer: Buyer, intent: Any, server_side: stripe.StripeClient) -> None:
    given = f"clientSecret: '{intent.client_secret}', confirmParams: {{return_url: 'http://127.0.0.1/ok'}}"
    buyer.type_card()
    for options, words in UNLIKE.items():
        buyer.page.evaluate(f"shop.elements._options = {{{options}}}; 0")
        assert buyer.run("elements.submit()") == {"selectedPaymentMethod": "card"}
        error = buyer.run(f"stripe.confirmPayment({{elements, {given}}})")["error"]
        assert error["message"].startswith(f"The provided {words}. Try confirming with a Payment Intent")
    assert server_side.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_a_card_that_the_buyer_keeps_pays_again(buyer: Buyer, server_side: stripe.StripeClient) -> None:
    customer = server_side.v1.customers.create({"email": "ada@example.com"})
    wanted: Any = {"amount": 1500, "currency": "usd", "customer": customer.id}
    first = server_side.v1.payment_intents.create(wanted | {"setup_future_usage": "off_session"})
    buyer.run("elements.update({setupFutureUsage: 'off_session'})")
    buyer.type_card()
    buyer.run("elements.submit()")
    given = f"clientSecret: '{first.client_secret}', redirect: 'if_required'"
    assert buyer.run(f"stripe.confirmPayment({{elements, {given}}})")["paymentIntent"]["status"] == "succeeded"
    [kept] = server_side.v1.customers.payment_methods.list(customer.id).data
    second = server_side.v1.payment_intents.create(wanted)
    given = f"clientSecret: '{second.client_secret}', confirmParams: {{payment_method: '{kept.id}'}}"
    answer = buyer.run(f"stripe.confirmPayment({{{given}, redirect: 'if_required'}})")
    assert answer["paymentIntent"]["status"] == "succeeded"


def test_the_element_tells_the_page_what_happens(buyer: Buyer) -> None:
    assert buyer.heard("ready") == [{"elementType": "payment"}]
    buyer.type_card()
    buyer.page.locator("h1").click()
    last = buyer.heard("change")[-1]
    assert last == {
        "elementType": "payment",
        "complete": True,
        "empty": False,
        "collapsed": False,
        "value": {"type": "card"},
    }
    assert buyer.heard("focus")[0] == {"elementType": "payment"}
    buyer.page.wait_for_timeout(100)
    assert len(buyer.heard("blur")) == len(buyer.heard("focus"))
    assert "StripeElement--complete" in (buyer.page.locator("#element").get_attribute("class") or "")
    buyer.run("element.clear()")
    buyer.page.locator(".StripeElement--empty").wait_for()
    assert buyer.heard("change")[-1]["empty"] is True


def test_the_element_takes_and_gives_the_focus(buyer: Buyer) -> None:
    number = buyer.fields.get_by_label("Card number")
    buyer.run("element.focus()")
    buyer.page.locator(".StripeElement--focus").wait_for()
    assert number.evaluate("field => document.activeElement === field")
    buyer.run("element.blur()")
    buyer.page.locator("#element:not(.StripeElement--focus)").wait_for()


def test_an_element_is_taken_away_and_put_back(buyer: Buyer) -> None:
    buyer.run("element.unmount()")
    assert buyer.page.locator("#element > *").count() == 0
    buyer.run("element.mount('#element')")
    buyer.fields.get_by_label("Card number").wait_for()
    buyer.run("element.destroy()")
    assert buyer.run("elements.getElement('payment')") is None
    thrown = buyer.thrown("element.mount('#element')")
    assert thrown == "IntegrationError: This Element has already been destroyed. Please create a new one."


def test_fields_look_as_the_shop_wishes(visit: Callable[..., Buyer]) -> None:
    buyer = visit(bypass_csp=True)
    buyer.open(theme="night")
    root = buyer.fields.locator(":root")
    assert root.get_attribute("data-theme") == "night"
    buyer.run(
        "elements.update({appearance: {theme: 'stripe', variables: {colorPrimary: '#aa0000', fontFamily: 'url(x)'}}})",
    )
    buyer.fields.locator(":root[data-theme=stripe]").wait_for()
    shown = "(root, name) => getComputedStyle(root).getPropertyValue(name)"
    assert root.evaluate(shown, "--primary") == "#aa0000"
    assert "url" not in root.evaluate(shown, "--font")


@pytest.mark.parametrize("ending", ["canceled", "nothing"])
def test_an_element_that_cannot_be_opened_says_so(
    buyer: Buyer, intent: Any, server_side: stripe.StripeClient, ending: str
) -> None:
    secret = intent.client_secret
    if ending == "canceled":
        server_side.v1.payment_intents.cancel(intent.id)
    else:
        secret = f"{intent.id}_secret_{ending}"
    event = buyer.run(
        f"new Promise((heard) => {{ const other = stripe.elements({{clientSecret: '{secret}'}}).create('payment');"
        "other.on('loaderror', heard); element.destroy(); other.mount('#element'); })",
    )
    assert event["elementType"] == "payment"
    words = (
        "is in a terminal state and cannot be used to initialize Elements" if ending == "canceled" else "client_secret"
    )
    assert words in event["error"]["message"]
    assert buyer.page.locator("#element > *").count() == 0


def test_updates_of_an_intent_are_fetched(visit: Callable[..., Buyer]) -> None:
    buyer = visit(bypass_csp=True)
    buyer.open(flow="secret")
    assert buyer.run("elements.fetchUpdates()") == {}


def test_a_broken_line_is_an_answer(buyer: Buyer, intent: Any) -> None:
    buyer.run(f"stripe.retrievePaymentIntent('{intent.client_secret}')")
    buyer.context.route(re.compile("/v1/"), lambda route: route.abort())
    error = buyer.run(f"stripe.retrievePaymentIntent('{intent.client_secret}')")["error"]
    assert error["type"] == "api_connection_error"
    assert buyer.messages.pop().startswith("error: Failed to load resource")


def test_what_is_not_known_is_warned_of(buyer: Buyer) -> None:
    buyer.run("stripe.elements({mode: 'setup', colour: 'red'}) && null")
    assert "Unrecognized elements() parameter: colour" in buyer.messages.pop()
