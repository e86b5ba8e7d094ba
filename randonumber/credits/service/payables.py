"""What a purchase is paid by at Stripe: a Checkout Session on the hosted page, a PaymentIntent anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.credits.models import PurchaseMethod, PurchaseStatus
from randonumber.credits.service import intents, sessions

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase


def plan(session: Session, purchase: Purchase, stripe_customer_id: str) -> None:
    """Plan the making of what the purchase is paid by; its price is the stored one. Never commits."""
    if purchase.method == PurchaseMethod.CHECKOUT:
        sessions.plan(session, purchase, stripe_customer_id)
    else:
        intents.plan(session, purchase, stripe_customer_id)


def plan_closing(session: Session, purchase: Purchase) -> int | None:
    """Plan the closing of what can still be paid, and return the call's id; None when nothing can. Never commits."""
    if purchase.status != PurchaseStatus.PENDING:
        return None
    if purchase.checkout_session_id is not None:
        return sessions.plan_expiry(session, purchase)
    if purchase.payment_intent_id is not None:
        return intents.plan_cancelling(session, purchase)
    return None
