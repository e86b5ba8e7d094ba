"""The receipt shows what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.charging import charge

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe


def receipt(sdk: stripe.StripeClient, page: Callable[..., Any], charge_id: str) -> str:
    answer = page(sdk.v1.charges.retrieve(charge_id).receipt_url)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_a_receipt_without_refund_or_dispute_speaks_of_neither(
    sdk: stripe.StripeClient, page: Callable[..., Any]
) -> None:
    text = receipt(sdk, page, charge(sdk))
    assert "$50.00 USD" in text
    assert "efund" not in text
    assert "ispute" not in text


def test_a_receipt_lists_refunds_and_how_far_they_are(sdk: stripe.StripeClient, page: Callable[..., Any]) -> None:
    paid = charge(sdk)
    sdk.v1.refunds.create({"charge": paid, "amount": 1500})
    sdk.v1.refunds.create({"charge": paid, "amount": 700})
    text = receipt(sdk, page, paid)
    assert "<dt>Refunded</dt><dd>$22.00 USD</dd>" in text
    assert "$15.00 USD, returned" in text
    assert "$7.00 USD, returned" in text
    pending = charge(sdk, "pm_card_pendingRefund")
    made = sdk.v1.refunds.create({"charge": pending})
    assert "$50.00 USD, on its way" in receipt(sdk, page, pending)
    sdk.v1.refunds.cancel(made.id)
    text = receipt(sdk, page, pending)
    assert "$50.00 USD, cancelled" in text
    assert "<dt>Refunded</dt>" not in text


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("pm_card_createDispute", "The bank took the payment back"),
        ("pm_card_createDisputeInquiry", "The bank asks about this payment"),
    ],
)
def test_a_receipt_tells_of_a_dispute(
    sdk: stripe.StripeClient, page: Callable[..., Any], card: str, words: str
) -> None:
    assert f"$50.00 USD. {words}" in receipt(sdk, page, charge(sdk, card))
