"""Intents that name a purchase and are not the one that is to pay it: an operator made them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.credits.conftest import FREE_CREDITS, Buyer, stored
from tests.credits.on_page import Page

if TYPE_CHECKING:
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


def test_another_intent_that_is_cancelled_ends_no_purchase(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    page = Page(person=buyer.person, sandbox=sandbox)
    started = page.press()
    other = sandbox.client.v1.payment_intents.create(
        {"amount": 900, "currency": "usd", "metadata": {"purchase_ref": started.ref}}
    )
    sandbox.client.v1.payment_intents.cancel(other.id)
    deliver_webhooks()
    assert stored(started.ref).status == "pending"
    assert page.pay(page.press().client_secret) == "succeeded"
    deliver_webhooks()
    assert (stored(started.ref).status, buyer.credits) == ("paid", FREE_CREDITS + 10)
