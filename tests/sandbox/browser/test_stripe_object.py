"""What a shop's script gets from Stripe(): objects, answers, and plain words for what it does wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe

    from tests.sandbox.browser.buyer import Buyer

pytestmark = pytest.mark.browser

NOT_MOUNTED = "elements should have a mounted Payment Element or Express Checkout Element."
SECRET_FORM = "clientSecret should be a client secret of the form ${id}_secret_${secret}."
RETURN = "confirmParams: {return_url: 'http://127.0.0.1/ok'}"
WRONG = {
    "Stripe()": "Missing value for Stripe(): apiKey should be a string.",
    "Stripe(7)": "Invalid value for Stripe(): apiKey should be a string. You specified: 7.",
    "Stripe('')": "Please call Stripe() with your publishable key. You used an empty string.",
    "Stripe('sk_test_x')": "You should not use your secret key with Stripe.js.\nPlease pass a publishable key instead.",
    "Stripe('pk_live_x')": "The sandbox takes test keys alone",
    "Stripe('pk_test_x', {stripeAccount: 'me'})": "stripeAccount should be an account id. You specified: me.",
    "stripe.elements({clientSecret: 'x'})": f"Invalid value for elements(): {SECRET_FORM} You specified: x.",
    "stripe.elements({mode: 'payment', currency: 'usd'})": "Missing value for elements(): amount should be an integer.",
    "stripe.elements({mode: 'payment', amount: 1.5, currency: 'usd'})": "should be an integer. You specified: 1.5",
    "stripe.elements({mode: 'payment', amount: 0, currency: 'usd'})": "amount must be greater than 0.",
    "stripe.elements({mode: 'payment', amount: 100})": "Missing value for elements(): currency should be a string.",
    "stripe.elements({mode: 'payment', amount: 1, currency: 'VND'})": "currency should be a three-letter code",
    "stripe.elements({mode: 'gift'})": "mode should be one of the following strings: payment, setup, subscription.",
    "stripe.elements({amount: 100})": "Missing value for elements(): mode should be",
    "stripe.elements({mode: 'subscription'})": "The sandbox does not do Elements in mode `subscription` yet.",
    "stripe.elements().create('payment')": "you must pass a clientSecret or mode when creating the Elements group.",
    "stripe.elements().create('card')": "The sandbox does not do the card Element yet.",
    "elements.create('payment')": "Can only create one Element of type payment.",
    "element.mount('#element')": None,
    "element.mount('main')": "This Element is already mounted. Use `unmount()`",
    "fresh().create('payment').mount('#none')": "The selector you specified (#none) applies to no DOM elements",
    "fresh().create('payment').mount(7)": "Invalid DOM element.",
    "element.on('pay', () => 1)": "event should be one of the following strings: ready, change",
    "stripe.confirmPayment({})": "expected either `elements` or `clientSecret`, but got neither.",
    "stripe.confirmPayment({elements: {}})": "elements should be an Elements group.",
    f"stripe.confirmPayment({{elements: fresh(), clientSecret, {RETURN}}})": NOT_MOUNTED,
    f"stripe.confirmPayment({{elements, {RETURN}}})": f"Missing value for stripe.confirmPayment(): {SECRET_FORM}",
    "stripe.confirmPayment({elements, clientSecret})": "confirmParams.return_url should be a string.",
    "stripe.confirmPayment({elements, clientSecret, confirmParams: {return_url: '/ok'}})": "an absolute address",
    f"stripe.confirmPayment({{elements, clientSecret, {RETURN}}})": (
        "elements.submit() must be called before stripe.confirmPayment()."
    ),
    f"stripe.confirmSetup({{elements, clientSecret, {RETURN}}})": (
        "Your code called confirmSetup() but you passed a client_secret associated with a PaymentIntent. "
        "Did you mean to call confirmPayment() instead?"
    ),
    "stripe.retrieveSetupIntent(clientSecret)": "value should be a SetupIntent client secret.",
    "stripe.retrievePaymentIntent('x')": SECRET_FORM,
    "fresh().submit()": f"Invalid value for elements.submit(): {NOT_MOUNTED}",
    "stripe.createPaymentMethod({elements})": 'created with `paymentMethodCreation: "manual"`',
    "stripe.createToken({})": "The sandbox does not do stripe.createToken() yet.",
    "elements.update({clientSecret: 'x'})": "clientSecret cannot be changed.",
    "elements.update({amount: -1})": "amount must be greater than 0.",
}
SETTLED = """async ([code, clientSecret]) => {
  const { stripe, elements, element } = window.shop;
  const fresh = () => stripe.elements({ mode: "payment", amount: 100, currency: "usd" });
  try { await eval(code); }
  catch (error) { return `${error.name}: ${error.message}`; }
  return null;
}"""


@pytest.fixture
def buyer(visit: Callable[..., Buyer]) -> Buyer:
    """Somebody at a shop whose page may evaluate what the test writes."""
    found = visit(bypass_csp=True)
    found.open()
    return found


@pytest.fixture
def intent(server_side: stripe.StripeClient) -> Any:
    return server_side.v1.payment_intents.create({"amount": 1500, "currency": "usd"})


def run(buyer: Buyer, code: str) -> Any:
    """Return what an expression of the shop's script comes to."""
    return buyer.page.evaluate(f"async () => {{ const {{ stripe, elements, element }} = shop; return await {code}; }}")


def test_what_a_script_does_wrong_is_thrown_in_plain_words(buyer: Buyer, intent: Any) -> None:
    for code, words in WRONG.items():
        thrown = buyer.page.evaluate(SETTLED, [code, intent.client_secret])
        if words is None:
            assert thrown is None, code
        else:
            assert thrown is not None, code
            assert thrown.startswith("IntegrationError: "), code
            assert words in thrown, code


def test_an_intent_is_read_with_its_secret(buyer: Buyer, intent: Any) -> None:
    found = run(buyer, f"stripe.retrievePaymentIntent('{intent.client_secret}')")["paymentIntent"]
    assert (found["id"], found["amount"], found["object"]) == (intent.id, 1500, "payment_intent")


def test_a_wrong_secret_is_answered_with_stripes_error(buyer: Buyer, intent: Any) -> None:
    error = run(buyer, f"stripe.retrievePaymentIntent('{intent.id}_secret_nothing')")["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "resource_missing")


def test_the_account_that_a_page_acts_for_goes_along(buyer: Buyer, intent: Any) -> None:
    other = "Stripe('pk_test_shop', {stripeAccount: 'acct_1nobody'})"
    error = run(buyer, f"{other}.retrievePaymentIntent('{intent.client_secret}')")["error"]
    assert error["code"] == "account_invalid"


def test_a_known_payment_method_pays_without_an_element(buyer: Buyer, intent: Any) -> None:
    given = f"clientSecret: '{intent.client_secret}', confirmParams: {{payment_method: 'pm_card_visa'}}"
    answer = run(buyer, f"stripe.confirmPayment({{{given}, redirect: 'if_required'}})")
    assert answer["paymentIntent"]["status"] == "succeeded"


def test_a_known_payment_method_that_is_declined_is_answered(buyer: Buyer, intent: Any) -> None:
    given = f"clientSecret: '{intent.client_secret}', confirmParams: {{payment_method: 'pm_card_chargeDeclined'}}"
    error = run(buyer, f"stripe.confirmPayment({{{given}, redirect: 'if_required'}})")["error"]
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


def test_an_intent_without_a_question_is_answered_at_once(buyer: Buyer, intent: Any) -> None:
    found = run(buyer, f"stripe.handleNextAction({{clientSecret: '{intent.client_secret}'}})")
    assert found["paymentIntent"]["id"] == intent.id


def test_a_payment_method_is_made_for_the_server(buyer: Buyer, server_side: stripe.StripeClient) -> None:
    buyer.page.evaluate(
        "shop.element.destroy(); Object.assign(shop, {elements: shop.stripe.elements("
        "{mode: 'payment', amount: 700, currency: 'usd', paymentMethodCreation: 'manual'})});"
        "const defaultValues = {billingDetails: {email: 'ada@example.com'}};"
        "shop.elements.create('payment', {defaultValues}).mount('#element')"
    )
    buyer.type_card("5555555555554444")
    assert run(buyer, "elements.submit()") == {"selectedPaymentMethod": "card"}
    made = run(buyer, "stripe.createPaymentMethod({elements, params: {billing_details: {name: 'Ada'}}})")[
        "paymentMethod"
    ]
    kept = server_side.v1.payment_methods.retrieve(made["id"])
    assert kept.card
    assert kept.card.brand == "mastercard"
    assert (kept.billing_details.name, kept.billing_details.email) == ("Ada", "ada@example.com")


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
    run(buyer, "element.clear()")
    buyer.page.locator(".StripeElement--empty").wait_for()
    assert buyer.heard("change")[-1]["empty"] is True


def test_the_element_takes_and_gives_the_focus(buyer: Buyer) -> None:
    number = buyer.fields.get_by_label("Card number")
    run(buyer, "element.focus()")
    buyer.page.locator(".StripeElement--focus").wait_for()
    assert number.evaluate("field => document.activeElement === field")
    run(buyer, "element.blur()")
    buyer.page.locator("#element:not(.StripeElement--focus)").wait_for()


def test_an_element_is_taken_away_and_put_back(buyer: Buyer) -> None:
    run(buyer, "element.unmount()")
    assert buyer.page.locator("#element > *").count() == 0
    run(buyer, "element.mount('#element')")
    buyer.fields.get_by_label("Card number").wait_for()
    run(buyer, "element.destroy()")
    assert run(buyer, "elements.getElement('payment')") is None
    thrown = buyer.page.evaluate(SETTLED, ["element.mount('#element')", ""])
    assert thrown == "IntegrationError: This Element has already been destroyed. Please create a new one."


def test_fields_look_as_the_shop_wishes(visit: Callable[..., Buyer]) -> None:
    buyer = visit(bypass_csp=True)
    buyer.open(theme="night")
    root = buyer.fields.locator(":root")
    assert root.get_attribute("data-theme") == "night"
    run(
        buyer,
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
    event = run(
        buyer,
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
    assert run(buyer, "elements.fetchUpdates()") == {}


def test_a_broken_line_is_an_answer(buyer: Buyer, intent: Any) -> None:
    run(buyer, f"stripe.retrievePaymentIntent('{intent.client_secret}')")
    buyer.context.route(re.compile("/v1/"), lambda route: route.abort())
    error = run(buyer, f"stripe.retrievePaymentIntent('{intent.client_secret}')")["error"]
    assert error["type"] == "api_connection_error"
    assert buyer.messages.pop().startswith("error: Failed to load resource")


def test_what_is_not_known_is_warned_of(buyer: Buyer) -> None:
    run(buyer, "stripe.elements({mode: 'setup', colour: 'red'}) && null")
    assert "Unrecognized elements() parameter: colour" in buyer.messages.pop()
