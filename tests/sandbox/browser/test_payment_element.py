"""Paying with the Payment Element, the amount known before the intent is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe

    from tests.sandbox.browser.buyer import Buyer

pytestmark = pytest.mark.browser


def test_a_card_pays_what_the_page_last_said(visit: Callable[..., Buyer], server_side: stripe.StripeClient) -> None:
    buyer = visit()
    buyer.open(amount=1500, then=2750)
    buyer.type_card()
    buyer.press_pay()
    said = buyer.come_back()
    assert said.startswith("order 7: succeeded, succeeded, pi_")
    intent = server_side.v1.payment_intents.retrieve(said.rsplit(" ", 1)[1], {"expand": ["payment_method"]})
    assert intent.amount_received == 2750
    assert intent["payment_method"].billing_details.name == "Ada"
