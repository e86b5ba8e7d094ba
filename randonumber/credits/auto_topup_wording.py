"""Auto top-up in words: why a card did not pay, and why nothing is bought any more."""

from __future__ import annotations

from typing import Final

# https://docs.stripe.com/declines/codes: what a bank suspects (lost, stolen, fraud) is not told to who holds the card.
_DECLINES: Final = {
    "insufficient_funds": "There is not enough money on it.",
    "expired_card": "It has expired.",
    "card_removed": "It is not saved any more.",
    "card_velocity_exceeded": "It has reached its limit.",
    "withdrawal_count_limit_exceeded": "It has reached its limit.",
    "processing_error": "The bank made an error.",
    "issuer_not_available": "The bank did not answer.",
    "try_again_later": "The bank did not answer.",
    "authentication_required": "The bank wants to hear from you before it pays.",
    "payment_intent_authentication_failure": "The bank could not confirm that it was you.",
}
_DECLINED: Final = "The bank gave no reason."

WHY_STOPPED: Final = {
    "declined": "Three tries in a row were not paid.",
    "card_refused": "Your bank takes no more payments with this card.",
    "no_card": "There is no saved card that could pay.",
    "disputed": "Your bank took an automatic purchase back.",
    "review": "A payment came in another amount than was asked for. We look at it.",
}
"""By `stop_reason`."""


def why_declined(failure: str | None) -> str:
    """Return why a card did not pay, as a sentence about the card."""
    return _DECLINES.get(failure or "", _DECLINED)
