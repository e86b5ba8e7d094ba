"""A top-up in words: where it is, what paid for it, and why a card would not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber.payments import cards
from randonumber.wallet.models import ReversalKind, TopupMethod, TopupStatus

if TYPE_CHECKING:
    from randonumber.wallet.models import Topup, TopupReversal

_STATES: Final = {
    TopupStatus.PENDING: "pending",
    TopupStatus.PAID: "on its way",
    TopupStatus.AVAILABLE: "available",
    TopupStatus.FAILED: "failed",
    TopupStatus.EXPIRED: "expired",
    TopupStatus.REVIEW: "review",
}

# https://docs.stripe.com/declines/codes: what a bank suspects (lost, stolen, fraud) is not told to who holds the card.
_FAILURES: Final = {
    "authentication_required": "Your bank wants to hear from you before it pays.",
    "insufficient_funds": "There is not enough money on this card. Use another card, or try again later.",
    "expired_card": "This card has expired. Choose another card, or pay on Stripe’s page.",
    "card_removed": "This card is not saved any more. Choose another card, or pay on Stripe’s page.",
    "card_velocity_exceeded": "This card has reached its limit. Use another card, or try again later.",
    "withdrawal_count_limit_exceeded": "This card has reached its limit. Use another card, or try again later.",
    "processing_error": "The bank made an error. Please try again in a moment.",
    "issuer_not_available": "The bank does not answer. Please try again in a moment.",
    "try_again_later": "The bank does not answer. Please try again in a moment.",
    "reenter_transaction": "The bank does not answer. Please try again in a moment.",
    "payment_failed": "The payment did not arrive. Please try again, or pay another way.",
}
_DECLINED: Final = "Your bank declined this card. Use another card, or ask your bank why."
_REFUSED: Final = "This top-up did not work. Please try again, or pay another way."


def state_of(topup: Topup) -> str:
    """Return where a top-up is, in a word or two: `on its way`."""
    if topup.taken_minor:
        return "taken back" if topup.taken_minor == topup.amount_minor else "partly taken back"
    return _STATES[TopupStatus(topup.status)]


def paid_with(topup: Topup) -> str:
    """Return what paid for it: the card, or Stripe for what is no card."""
    return cards.name_of(topup.card_brand or "card", topup.card_last4) if topup.card_last4 else "Stripe"


def why_not_paid(topup: Topup) -> str:
    """Return why a top-up was not paid, and what to do; nothing was charged."""
    default = _DECLINED if topup.method == TopupMethod.CARD else _REFUSED
    return _FAILURES.get(topup.failure or "", default)


def asks_owner(topup: Topup) -> bool:
    """Whether the bank waits for the owner of the saved card, on the hosted page."""
    return topup.status == TopupStatus.PENDING and topup.failure == "authentication_required"


def is_under_way(topup: Topup) -> bool:
    """Whether its owner has done all there is to do, and a slow bank has not: the hosted page is behind them."""
    return topup.status == TopupStatus.PENDING and bool(topup.checkout_session_id) and topup.checkout_url is None


def who_took(reversal: TopupReversal) -> str:
    """Return what a reversal is: `refund` or `dispute`."""
    return "refund" if reversal.kind == ReversalKind.REFUND else "dispute"
