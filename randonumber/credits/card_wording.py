"""Saved cards in words: what a card is called, when it ends, and why a bank would not pay with it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from randonumber.payments import cards
from randonumber.payments.cards import ASKS_OWNER

if TYPE_CHECKING:
    from datetime import datetime

    from randonumber.credits.models import Card, Purchase

MONTHS: Final = 12
SOON_MONTHS: Final = 2
"""A card that ends within this and the next month is said to end soon."""


class Expiry(StrEnum):
    """Whether a card can still pay."""

    VALID = "valid"
    SOON = "expires soon"
    EXPIRED = "expired"


# https://docs.stripe.com/declines/codes: what a bank suspects (lost, stolen, fraud) is not told to who holds the card.
_DECLINES: Final = {
    "authentication_required": "Your bank wants to hear from you before it pays.",
    "payment_intent_authentication_failure": "Your bank could not confirm that it was you.",
    "insufficient_funds": "There is not enough money on this card. Use another card, or try again later.",
    "expired_card": "This card has expired. Save a new one, or pay another way.",
    "card_removed": "This card is not saved any more. Choose another card, or pay another way.",
    "card_velocity_exceeded": "This card has reached its limit. Use another card, or try again later.",
    "withdrawal_count_limit_exceeded": "This card has reached its limit. Use another card, or try again later.",
    "payment_failed": "Your bank did not make the payment. Pay another way, or ask your bank why.",
    "processing_error": "The bank made an error. Please try again in a moment.",
    "issuer_not_available": "The bank does not answer. Please try again in a moment.",
    "try_again_later": "The bank does not answer. Please try again in a moment.",
    "reenter_transaction": "The bank does not answer. Please try again in a moment.",
}
_DECLINED: Final = "Your bank declined this card. Use another card, or ask your bank why."


def name_of(card: Card) -> str:
    """Return the card in words: `Visa ending in 4242`."""
    return cards.name_of(card.brand, card.last4)


def expiry_of(card: Card, now: datetime) -> Expiry:
    """Say whether a card can still pay; it does to the end of its month."""
    months = (card.exp_year - now.year) * MONTHS + card.exp_month - now.month
    if months < 0:
        return Expiry.EXPIRED
    return Expiry.SOON if months < SOON_MONTHS else Expiry.VALID


def asks_owner(purchase: Purchase) -> bool:
    """Whether the bank waits for the owner of the saved card."""
    return purchase.card_id is not None and purchase.failure in ASKS_OWNER


def trouble_of(purchase: Purchase) -> str | None:
    """Return why the card of a purchase has not paid; None when it has, or no card was tried from our pages."""
    was_tried = purchase.card_id is not None or purchase.intent_status is not None
    return why_not_paid(purchase) if was_tried and purchase.failure else None


def why_not_paid(purchase: Purchase) -> str:
    """Return why the saved card did not pay, and what to do; nothing was charged."""
    return _DECLINES.get(purchase.failure or "", _DECLINED)
