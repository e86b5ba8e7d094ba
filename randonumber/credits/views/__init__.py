"""Buying credits, as pages. None waits longer for Stripe than a request may, and all work without a script."""

from __future__ import annotations

from randonumber.credits.views import (
    auto_topup,
    buying,
    cards,
    history,
    notices,
    one_click,
    purchases,
    receipts,
    refunds,
    shop,
    wallet_buying,
)
from randonumber.credits.views.blueprint import blueprint

__all__ = [
    "auto_topup",
    "blueprint",
    "buying",
    "cards",
    "history",
    "notices",
    "one_click",
    "purchases",
    "receipts",
    "refunds",
    "shop",
    "wallet_buying",
]
