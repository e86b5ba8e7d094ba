"""What credits cost: pure arithmetic on whole cents, from the tier table of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from randonumber.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from randonumber.settings import Tier

CURRENCY: Final = "usd"
PACKS: Final = (1, 10, 100, 1_000)
MOST_CREDITS: Final = 10_000
"""The most that one purchase may hold."""


class NotForSale(InvalidRequest):
    """This many credits cannot be bought in one purchase."""

    status = 422


@dataclass(frozen=True, kw_only=True)
class NextBreak:
    """The next quantity at which a credit becomes cheaper, and what exactly that many cost, in cents."""

    quantity: int
    unit_price_minor: int
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What `quantity` credits cost, in cents, and what a few more would.

    `more_cost_no_more`: the quantity of the next break costs no more than this one, so nobody should buy this.
    """

    quantity: int
    unit_price_minor: int
    amount_minor: int
    currency: str
    next_break: NextBreak | None

    @property
    def more_cost_no_more(self) -> bool:
        """Whether the next break's quantity is to be had for the same money or less."""
        return self.next_break is not None and self.next_break.amount_minor <= self.amount_minor


def quote(tiers: Sequence[Tier], quantity: int) -> Quote:
    """Return the price of `quantity` credits: all of them at the unit price of the tier that it reaches.

    `tiers` rise in quantity, fall in price and begin at 1 (settings.tiers makes sure). Raises NotForSale outside
    1 to MOST_CREDITS.
    """
    if not 1 <= quantity <= MOST_CREDITS:
        message = f"Choose a whole number from 1 to {MOST_CREDITS:,}."
        raise NotForSale(message, errors=[{"field": "quantity", "message": message}])
    reached = [tier for tier in tiers if tier.quantity <= quantity]
    ahead = [tier for tier in tiers if quantity < tier.quantity <= MOST_CREDITS]
    unit_price_minor = reached[-1].unit_price_minor
    return Quote(
        quantity=quantity,
        unit_price_minor=unit_price_minor,
        amount_minor=quantity * unit_price_minor,
        currency=CURRENCY,
        next_break=_break_at(ahead[0]) if ahead else None,
    )


def as_json(quoted: Quote) -> dict[str, Any]:
    """Return a quote as the page's script reads it (contract.md, `GET /credits/quote`)."""
    ahead = quoted.next_break
    next_break = ahead and {
        "quantity": ahead.quantity,
        "unit_price": ahead.unit_price_minor,
        "amount": ahead.amount_minor,
    }
    return {
        "quantity": quoted.quantity,
        "amount": quoted.amount_minor,
        "unit_price": quoted.unit_price_minor,
        "currency": quoted.currency,
        "next_break": next_break,
        "more_cost_no_more": quoted.more_cost_no_more,
    }


def tiers_as_json(tiers: Sequence[Tier]) -> list[dict[str, int]]:
    """Return the table as a purchase keeps it."""
    return [{"quantity": tier.quantity, "unit_price_minor": tier.unit_price_minor} for tier in tiers]


def as_setting(tiers: Sequence[Tier]) -> str:
    """Return the table as `CREDIT_TIERS` has it: `1:100,10:90`."""
    return ",".join(f"{tier.quantity}:{tier.unit_price_minor}" for tier in tiers)


def _break_at(tier: Tier) -> NextBreak:
    return NextBreak(
        quantity=tier.quantity,
        unit_price_minor=tier.unit_price_minor,
        amount_minor=tier.quantity * tier.unit_price_minor,
    )
