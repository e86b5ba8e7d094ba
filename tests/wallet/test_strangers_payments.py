"""Payments that only claim to be a top-up: on a Payment Link the payer chooses `client_reference_id`.

https://docs.stripe.com/payment-links/url-parameters
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.wallet.conftest import agreed, stored

if TYPE_CHECKING:
    from tests.wallet.conftest import Purse


def buy_tea(purse: Purse, reference: str) -> str:
    """Open another shop's session on the same account, with a reference that its payer has chosen."""
    price = {"currency": "usd", "unit_amount": 5_000, "product_data": {"name": "Tea"}}
    given: Any = {
        "mode": "payment",
        "client_reference_id": reference,
        "success_url": "https://shop.example/done",
        "line_items": [{"quantity": 1, "price_data": price}],
    }
    return str(purse.sandbox.client.v1.checkout.sessions.create(given).url)


def test_who_pays_another_shop_tops_no_wallet_up(purse: Purse) -> None:
    started = purse.start(5_000)
    purse.sandbox.pay(buy_tea(purse, started.ref))
    purse.deliver()
    assert (stored(started.ref).status, purse.stands) == ("pending", (0, 0, 0))
    agreed(unmatched=5_000)


def test_the_top_up_can_still_be_paid(purse: Purse) -> None:
    started = purse.start(5_000)
    purse.sandbox.pay(buy_tea(purse, started.ref))
    assert started.url is not None
    purse.sandbox.pay(started.url)
    purse.deliver()
    assert (stored(started.ref).status, purse.stands) == ("paid", (0, 5_000, 0))
    agreed(unmatched=5_000)
