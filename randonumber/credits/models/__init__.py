"""The rows of buying: purchases, cards, refunds and disputes, automatic top-ups, gifts."""

from __future__ import annotations

from randonumber.credits.models.auto_topups import AutoTopup
from randonumber.credits.models.cards import Card, CardSetup, CardSetupStatus
from randonumber.credits.models.gifts import FreeCreditClaim, LowBalanceNotice
from randonumber.credits.models.purchases import (
    BOOKED,
    ExtraPayment,
    Purchase,
    PurchaseMethod,
    PurchaseStatus,
    StripeCustomer,
)
from randonumber.credits.models.reversals import Dispute, DisputeStatus, Refund, RefundOrigin, RefundStatus

__all__ = [
    "BOOKED",
    "AutoTopup",
    "Card",
    "CardSetup",
    "CardSetupStatus",
    "Dispute",
    "DisputeStatus",
    "ExtraPayment",
    "FreeCreditClaim",
    "LowBalanceNotice",
    "Purchase",
    "PurchaseMethod",
    "PurchaseStatus",
    "Refund",
    "RefundOrigin",
    "RefundStatus",
    "StripeCustomer",
]
