"""A purchase from the order to the ledger, once, whoever brings the news and however often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.credits.conftest import FREE_CREDITS, count, house, stored

from randonumber.credits import service
from randonumber.credits.models import PurchaseStatus

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


def test_a_paid_purchase_fills_a_lot_and_books_the_money(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    started = buyer.start(quantity=10, pack=10)
    assert started.status == PurchaseStatus.PENDING
    assert started.url is not None
    sandbox.pay(started.url)
    deliver_webhooks()
    purchase = stored(started.ref)
    assert purchase.status == PurchaseStatus.PAID
    assert (purchase.card_brand, purchase.card_last4) == ("visa", "4242")
    assert buyer.credits == FREE_CREDITS + 10
    assert house("sales") == 900
