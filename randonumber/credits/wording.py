"""A purchase in words: how it was ordered, and what paid for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber.credits.models import PurchaseMethod
from randonumber.money import format_credits
from randonumber.payments import cards

if TYPE_CHECKING:
    from randonumber.credits.models import Purchase

METHODS: Final = {
    PurchaseMethod.CHECKOUT: "Stripe’s page",
    PurchaseMethod.CUSTOM: "Our page",
    PurchaseMethod.ONE_CLICK: "Saved card",
    PurchaseMethod.WALLET: "Wallet",
    PurchaseMethod.AUTO_TOPUP: "Auto top-up",
}


def method_of(purchase: Purchase) -> str:
    """Return by which way it was bought: `Stripe’s page`."""
    return METHODS[PurchaseMethod(purchase.method)]


def count_of_credits(count: int) -> str:
    """Return a number of credits with its unit: `1 credit`, `1,000 credits`."""
    return f"{format_credits(count)} credit{'' if count == 1 else 's'}"


def card_of(purchase: Purchase) -> str | None:
    """Return the card in words (`Visa ending in 4242`); None when it was paid otherwise."""
    if purchase.card_last4 is None:
        return None
    return cards.name_of(purchase.card_brand or "card", purchase.card_last4)


def paid_with(purchase: Purchase) -> str:
    """Return what paid for it: the card, the wallet, or, for what is no card, Stripe."""
    if purchase.method == PurchaseMethod.WALLET:
        return "Wallet"
    return card_of(purchase) or "Stripe"
