"""What a purchase's unspent credits are worth when they come back: pure arithmetic on whole cents.

The rate of a large purchase is for those who keep it: what was spent of it is charged at the price that so few credits
cost by the table of that day, so that buying many and returning most is no way to a cheap few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from randonumber.credits.models import Purchase


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What `left` unspent credits of a purchase come to, and how: amounts in cents.

    `spent` credits are gone for good and cost `spent_price_minor` by the purchase's own table; `amount_minor` is what
    is paid back, never below zero.
    """

    left: int
    left_price_minor: int
    spent: int
    spent_price_minor: int
    amount_minor: int

    @property
    def is_reduced(self) -> bool:
        """Whether what was spent costs more than its share of the price, so that less than the unit price is paid."""
        return self.amount_minor < self.left_price_minor


def price_of(tiers: Sequence[Mapping[str, int]], quantity: int) -> int:
    """Return what so many credits cost, in cents, by a table as a purchase keeps it; nothing for none."""
    if quantity == 0:
        return 0
    reached = [tier["unit_price_minor"] for tier in tiers if tier["quantity"] <= quantity]
    return quantity * reached[-1]


def worth(
    *,
    credits_: int,
    paid_minor: int,
    unit_price_minor: int,
    tiers: Sequence[Mapping[str, int]],
    left: int,
    revoked: int,
    refunded_minor: int,
) -> Worth:
    """Return what a buyer gets back for the `left` unspent credits of a purchase.

    `min(left x unit price, paid - refunded before - price of what was spent)`, never below zero. `revoked` credits went
    with what was refunded before, so they are neither left nor spent. Amounts in cents.
    """
    spent = credits_ - left - revoked
    left_price_minor = left * unit_price_minor
    spent_price_minor = price_of(tiers, spent)
    return Worth(
        left=left,
        left_price_minor=left_price_minor,
        spent=spent,
        spent_price_minor=spent_price_minor,
        amount_minor=max(0, min(left_price_minor, paid_minor - refunded_minor - spent_price_minor)),
    )


def worth_of(purchase: Purchase, left: int) -> Worth:
    """Return what the `left` credits in a purchase's lot come to."""
    return worth(
        credits_=purchase.credits,
        paid_minor=purchase.amount_minor,
        unit_price_minor=purchase.unit_price_minor,
        tiers=purchase.tiers,
        left=left,
        revoked=purchase.revoked_credits,
        refunded_minor=purchase.refunded_minor,
    )
