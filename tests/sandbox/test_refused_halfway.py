"""What is refused half way leaves nothing behind, nor anything to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import submit
from tests.sandbox.conftest import SESSION

if TYPE_CHECKING:
    from flask import Flask

PAYMENT: dict[str, Any] = {
    "amount": 1000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "return_url": "http://127.0.0.1:5000/done",
}
FORM = {"email": "ann@example.com", "name": "Ann", "exp": "12/40", "cvc": "123", "action": "pay"}


def test_a_payment_whose_answer_cannot_be_expanded_never_happened_and_its_refusal_is_kept(
    sdk: stripe.StripeClient,
) -> None:
    params: Any = PAYMENT | {"expand": ["nonsense"]}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="This property cannot be expanded") as refused:
            sdk.v1.payment_intents.create(params, {"idempotency_key": "key"})
        assert refused.value.http_status == 400
    assert (refused.value.headers or {})["Idempotent-Replayed"] == "true"
    assert not sdk.v1.charges.list().data
    assert sdk.v1.balance.retrieve().pending[0].amount == 0


def test_evidence_that_was_refused_decides_no_dispute(sdk: stripe.StripeClient) -> None:
    sdk.v1.payment_intents.create({**PAYMENT, "payment_method": "pm_card_createDispute"})  # type: ignore[typeddict-item]
    dispute = sdk.v1.disputes.list().data[0]
    sdk.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sdk.v1.disputes.update(dispute.id, {"submit": True, "expand": ["nonsense"]})
    assert sdk.v1.disputes.retrieve(dispute.id).status == "needs_response"


@pytest.mark.parametrize("card", ["4242424242424242", "4000002760003184"])
def test_a_buyer_deleted_while_paying_pays_once(sandbox: Flask, sdk: stripe.StripeClient, card: str) -> None:
    customer = sdk.v1.customers.create({"email": "ann@example.com"})
    params: Any = SESSION | {"customer": customer.id, "customer_update": {"name": "auto"}}
    session = sdk.v1.checkout.sessions.create(params)
    form = FORM | {"card_number": card}
    challenged = card != "4242424242424242"
    if not challenged:
        sdk.v1.customers.delete(customer.id)
    target = submit(sandbox, f"/checkout/{session.id}", form)
    if challenged:
        sdk.v1.customers.delete(customer.id)
        assert target
        target = submit(sandbox, target.removeprefix("http://127.0.0.1:5001"), {"action": "complete"})
    assert target == f"http://127.0.0.1:5000/done?session={session.id}"
    assert submit(sandbox, f"/checkout/{session.id}", form) == target
    assert len(sdk.v1.charges.list().data) == 1
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "complete"
