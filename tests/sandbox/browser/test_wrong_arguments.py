"""Plain words for what a shop's script does wrong, Stripe's where they are known."""

from __future__ import annotations

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


def test_what_a_script_does_wrong_is_thrown_in_plain_words(
    visit: Callable[..., Buyer], server_side: stripe.StripeClient
) -> None:
    buyer = visit(bypass_csp=True)
    buyer.open()
    intent: Any = server_side.v1.payment_intents.create({"amount": 1500, "currency": "usd"})
    for code, words in WRONG.items():
        thrown = buyer.thrown(code, intent.client_secret)
        if words is None:
            assert thrown is None, code
        else:
            assert thrown is not None, code
            assert thrown.startswith("IntegrationError: "), code
            assert words in thrown, code
