"""What purchases know of Stripe's balance transactions: whose money a row moved, and the posting of its amount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import reconciliation
from randonumber.credits.claims import charges, disputes, refunds

if TYPE_CHECKING:
    from flask import Flask

PARTS: Final = (charges, disputes, refunds)


def init_app(app: Flask) -> None:
    """Claim the rows of everything that happens to a purchase's money."""
    for part in PARTS:
        for prefix in part.PREFIXES:
            reconciliation.register_claim(app, prefix, part)
