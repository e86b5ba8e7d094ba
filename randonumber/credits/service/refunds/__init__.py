"""Refunds: what one comes to, asking for it, settling it by Stripe's answer, and following what Stripe tells of it."""

from __future__ import annotations

from randonumber.credits.service.refunds.asking import Asked, refund_for_buyer, refund_for_operator
from randonumber.credits.service.refunds.levelling import bring_level
from randonumber.credits.service.refunds.offering import (
    NotRefundable,
    Offer,
    Reason,
    offer,
    refundable_amounts,
    refunds_of,
)

__all__ = [
    "Asked",
    "NotRefundable",
    "Offer",
    "Reason",
    "bring_level",
    "offer",
    "refund_for_buyer",
    "refund_for_operator",
    "refundable_amounts",
    "refunds_of",
]
