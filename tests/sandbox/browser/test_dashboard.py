"""The dashboard in a browser: readable at every width, in light and dark, for everybody, without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import Endpoint, create_sandbox, inprocess
from randonumber.sandbox.ids import account_id
from tests.browser.visitor import AUDIT
from tests.sandbox.conftest import SESSION, make_sdk
from tests.sandbox.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    import stripe
    from flask import Flask
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
ENDPOINT = Endpoint("http://127.0.0.1:5000/webhooks/stripe", "whsec_sandbox", connect=False)
LONG = "x" * 200
LOOKS: tuple[tuple[int, Any], ...] = ((360, "light"), (1280, "dark"))


@pytest.fixture(scope="module")
def full() -> Iterator[tuple[str, list[str]]]:
    """A sandbox in which a lot has happened, served; its address and the paths of its pages."""
    app = create_sandbox(endpoints=[ENDPOINT])
    sdk = make_sdk(app)
    objects = [account_id("sk_test_one"), *happened(app, sdk)]
    kinds = ("charge", "balance_transaction", "dispute", "event", "payment_method", "webhook_endpoint", "account")
    paths = ["/dashboard", "/dashboard/deliveries", "/dashboard/deliveries/1", "/dashboard/requests"]
    paths += ["/dashboard/faults", "/dashboard/mail", "/dashboard/endpoints/0"]
    paths += [f"/dashboard/objects/{kind}" for kind in kinds]
    with served(app) as url:
        yield url, paths + [f"/dashboard/object/{one}" for one in objects]


def happened(app: Flask, sdk: stripe.StripeClient) -> list[str]:
    """Let things happen; the ids of objects worth a look."""
    customer = sdk.v1.customers.create({"name": LONG, "email": "ann@example.com", "metadata": {"note": LONG}})
    cards = ("4000000000000259", "4000000000000002", *["4000000000000077"] * 4)
    sessions = [sdk.v1.checkout.sessions.create(SESSION | {"customer": customer.id}) for _ in range(7)]  # type: ignore[arg-type]
    for session, card in zip(sessions, cards, strict=False):
        inprocess.pay(app, session.id, card=card)
    charge = sdk.v1.charges.list({"limit": 1}).data[0]
    refund = sdk.v1.refunds.create({"charge": charge.id, "amount": 100})
    account = sdk.v1.accounts.create({"type": "express", "country": "US", "email": "seller@example.com"})
    payout = sdk.v1.payouts.create({"amount": 100, "currency": "usd"})
    hook = sdk.v1.webhook_endpoints.create({"url": ENDPOINT.url + "/" + LONG, "enabled_events": ["*"]})
    for delivery in inprocess.deliveries(app, acknowledge=False)[::2]:
        inprocess.settle(app, delivery, 500)
    inprocess.add_fault(app, "POST /v1/customers/" + LONG[:150], "slow", seconds=5)
    dispute, event = sdk.v1.disputes.list().data[0], sdk.v1.events.list({"type": "charge.refunded"}).data[0]
    return [
        one.id for one in (customer, sessions[-1], sessions[1], charge, refund, account, payout, hook, dispute, event)
    ]


def test_every_page_fits_and_passes_the_audit(browser: Browser, full: tuple[str, list[str]]) -> None:
    url, paths = full
    context = browser.new_context(base_url=url)
    window, messages = context.new_page(), []
    window.on("console", lambda message: messages.append(message.text))
    for path in paths:
        answer = window.goto(path)
        assert answer
        assert answer.status == 200, path
        assert window.locator("script").count() == 0, path
        for width, scheme in LOOKS:
            window.set_viewport_size({"width": width, "height": 800})
            window.emulate_media(color_scheme=scheme)
            assert window.evaluate(AUDIT) == [], (path, width, scheme)
            assert window.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    context.close()
    assert messages == []


def test_a_refund_is_made_by_keyboard_alone(browser: Browser, full: tuple[str, list[str]]) -> None:
    url, paths = full
    charge = next(path for path in paths if "/object/ch_" in path)
    window = browser.new_page(base_url=url)
    window.goto(charge)
    window.get_by_label("Amount").focus()
    window.keyboard.press("Control+A")
    window.keyboard.type("99.00")
    window.keyboard.press("Enter")
    assert "is greater than" in window.get_by_role("alert").inner_text()
    assert window.get_by_label("Amount").input_value() == "99.00"
    window.get_by_label("Amount").fill("1.00")
    window.keyboard.press("Tab")
    window.keyboard.press("Tab")
    window.keyboard.press("Enter")
    assert window.get_by_role("status").inner_text() == "Refunded."
    window.close()
