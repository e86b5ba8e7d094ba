"""A payment that was made, as its owner is told of it, and what may come of that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from randonumber.stripe_gateway import Charge


class Completed(StrEnum):
    """What came of a payment."""

    BOOKED = "booked"
    ALREADY = "already"
    REVIEW = "review"
    SECOND_PAYMENT = "second_payment"


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A charge that succeeded, as Stripe shows it now; the amount in minor units of `currency`."""

    payment_id: str
    payment_intent_id: str | None
    payer_id: str | None
    amount_minor: int
    currency: str
    receipt_url: str | None
    card_brand: str | None
    card_last4: str | None
    paid_at: datetime
    checkout_session_id: str | None = None


def payment_of(charge: Charge, checkout_session_id: str | None = None) -> Payment:
    """Return what its owner needs to know of a charge."""
    return Payment(
        payment_id=charge.id,
        payment_intent_id=charge.payment_intent_id,
        payer_id=charge.customer_id,
        amount_minor=charge.amount,
        currency=charge.currency,
        receipt_url=charge.receipt_url,
        card_brand=charge.card_brand,
        card_last4=charge.card_last4,
        paid_at=charge.created_at,
        checkout_session_id=checkout_session_id,
    )
