"""Sessions that this shop did not make: whoever pays on a Payment Link writes `client_reference_id` into its address.

https://docs.stripe.com/payment-links/url-parameters
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.reconciliation.service import reconcile
from tests.credits.conftest import FREE_CREDITS, count, stored

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


@pytest.mark.pain(7)
@pytest.mark.parametrize("amount", [900, 500])
def test_a_payment_for_something_else_pays_no_purchase_though_its_payer_wrote_the_ref_of_one(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, amount: int
) -> None:
    started = buyer.start()
    sandbox.pay(link_for(sandbox, started.ref, amount))
    deliver_webhooks()
    purchase = stored(started.ref)
    assert (purchase.status, purchase.payment_id, buyer.credits) == ("pending", None, FREE_CREDITS)
    assert count("inbox_events", "status IN ('pending', 'dead')") == 0
    assert started.url is not None
    sandbox.pay(started.url)
    deliver_webhooks(copies=2)
    assert (stored(started.ref).status, buyer.credits) == ("paid", FREE_CREDITS + 10)
    report = reconcile()
    assert (report.agrees, report.unmatched) == (True, 1), "the other product's money is not this shop's"


def test_a_session_of_another_shop_that_is_over_ends_no_purchase(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    started = buyer.start()
    foreign = link_for(sandbox, started.ref, 900).rpartition("/")[2]
    sandbox.client.v1.checkout.sessions.expire(foreign)
    deliver_webhooks()
    assert stored(started.ref).status == "pending"


def link_for(sandbox: StripeSandbox, ref: str, amount: int) -> str:
    """Return where something else is paid on the same account, by whoever has written `ref` into the address."""
    session = sandbox.client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "client_reference_id": ref,
            "success_url": "https://hats.example/done",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "A hat"}},
                }
            ],
        }
    )
    assert session.url is not None
    return session.url
