"""Where buyers are sent: what Stripe takes, and nothing that a browser would run or a header would break at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import answer_challenge, leave, pay
from tests.sandbox.conftest import SESSION

if TYPE_CHECKING:
    from flask import Flask

BROKEN = [
    "http://127.0.0.1:5000/a\r\nSet-Cookie: x=1", "http://127.0.0.1:5000/a b", "http://[", "http://127.0.0.1:port/",
    "https://",
]  # fmt: skip
NOWHERE = ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host/x", "done"]
CHALLENGED: Any = {
    "amount": 1000,
    "currency": "usd",
    "payment_method": "pm_card_threeDSecure2Required",
    "confirm": True,
}


@pytest.mark.parametrize("url", BROKEN + NOWHERE)
def test_an_intent_leads_nobody_to_what_is_no_address(sdk: stripe.StripeClient, url: str) -> None:
    saved: Any = {"payment_method": "pm_card_visa", "confirm": True, "return_url": url}
    for refuse in (
        lambda: sdk.v1.payment_intents.create(CHALLENGED | {"return_url": url}),
        lambda: sdk.v1.setup_intents.create(saved),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            refuse()
        assert (refused.value.param, refused.value.code) == ("return_url", "url_invalid")
        assert refused.value.user_message == "Not a valid URL"


@pytest.mark.parametrize("name", ["success_url", "cancel_url"])
@pytest.mark.parametrize("url", BROKEN)
def test_a_session_leads_nobody_to_what_is_no_address(sdk: stripe.StripeClient, name: str, url: str) -> None:
    params: Any = SESSION | {name: url}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.checkout.sessions.create(params)
    assert (refused.value.param, refused.value.code) == (name, "url_invalid")


@pytest.mark.parametrize("url", ["https://shop.example/paid?a=1#b", "shop://paid", "com.example.shop:/paid"])
def test_a_challenge_leads_back_to_a_shop_or_to_its_app(sandbox: Flask, sdk: stripe.StripeClient, url: str) -> None:
    intent: Any = sdk.v1.payment_intents.create(CHALLENGED | {"return_url": url})
    target = answer_challenge(sandbox, intent.next_action.redirect_to_url.url)
    assert target
    assert target.startswith(url.partition("#")[0])
    assert f"payment_intent={intent.id}" in target


def test_an_address_in_any_script_leads_there(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    params: Any = SESSION | {"success_url": "https://größe.example/größe?ü={CHECKOUT_SESSION_ID}"}
    params["cancel_url"] = params["success_url"]
    session = sdk.v1.checkout.sessions.create(params)
    for target in (leave(sandbox, session.id), pay(sandbox, session.id)):
        assert target
        assert target.isascii()
        assert session.id in target
