"""Stripe's book and ours agree to the cent, also when reconciliation hears of a payment first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.credits import service
from randonumber.credits.models import PurchaseStatus
from randonumber.database import transaction
from randonumber.reconciliation.service import reconcile
from tests.credits.conftest import FREE_CREDITS, count, house, stored

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


def paid(buyer: Buyer, sandbox: StripeSandbox) -> str:
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url)
    return started.ref


def test_a_purchase_and_its_fee_leave_no_difference(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    paid(buyer, sandbox)
    deliver_webhooks()
    report = reconcile()
    assert (report.difference, report.agrees) == (0, True)
    assert house("stripe:fees") == -56, "2.9 % of 900 and 30"
    assert house("unmatched") == 0


def test_reconciliation_completes_a_purchase_that_no_event_told_of(buyer: Buyer, sandbox: StripeSandbox) -> None:
    ref = paid(buyer, sandbox)
    assert reconcile().difference == 0
    assert stored(ref).status == PurchaseStatus.PAID
    assert buyer.credits == FREE_CREDITS + 10
    assert house("unmatched") == 0


def test_a_purchase_in_review_has_its_money_in_unmatched(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid(buyer, sandbox)
    with transaction() as session:
        session.execute(text("UPDATE purchases SET unit_price_minor = 100, amount_minor = 1000"))
    deliver_webhooks(copies=2)
    assert stored(ref).status == PurchaseStatus.REVIEW
    assert reconcile().difference == 0
    assert house("unmatched") == 900
    assert house("sales") == 0
    assert buyer.credits == FREE_CREDITS
    assert count("inbox_events", "status IN ('pending', 'dead')") == 0


def test_a_charge_of_somebody_else_is_not_claimed(buyer: Buyer, sandbox: StripeSandbox) -> None:
    sandbox.client.v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"purchase_ref": "pur_of_another_shop"},
        }
    )
    assert reconcile().difference == 0
    assert house("unmatched") == 700


@pytest.mark.parametrize("first", ["event", "reconciliation", "return page"])
def test_whoever_is_first_the_money_stands_once(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, first: str
) -> None:
    ref = paid(buyer, sandbox)
    if first == "reconciliation":
        reconcile()
    if first == "return page":
        service.refresh_purchase(ref, actor="test")
    deliver_webhooks(copies=2)
    assert reconcile().difference == 0
    assert (house("sales"), house("unmatched"), house("stripe:balance")) == (900, 0, -844)
