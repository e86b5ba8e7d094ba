"""Closing what nobody pays: a day after it was started, the intent of a purchase is cancelled at Stripe.

A Checkout Session expires at Stripe by itself after 24 hours; an intent stays open for ever.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from randonumber import calls, clock
from randonumber.calls import Outcome
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service import intents
from randonumber.credits.service.refreshing import refresh_purchase
from randonumber.credits.service.sessions import read_purchase
from randonumber.database import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

OPEN_FOR: Final = timedelta(hours=24)


def refresh_or_close(ref: str, *, actor: str) -> PurchaseStatus | None:
    """Bring a purchase level with Stripe, cancel its intent if its time is over, and return its status.

    None when there is no such purchase. Calls the network; raises StripeUnavailable. What is paid meanwhile wins:
    Stripe cancels no intent that is paid or on its way.
    """
    status = refresh_purchase(ref, actor=actor)
    if status != PurchaseStatus.PENDING:
        return status
    with transaction() as session:
        call_id = _plan_closing(session, ref)
    if call_id is None:
        return status
    if calls.drive(call_id) is Outcome.UNKNOWN:
        return PurchaseStatus.PENDING
    return refresh_purchase(ref, actor=actor)


def _plan_closing(session: Session, ref: str) -> int | None:
    purchase = read_purchase(session, ref)
    is_over = purchase.created_at <= clock.now() - OPEN_FOR
    is_open = purchase.status == PurchaseStatus.PENDING and purchase.intent_status in intents.PAYABLE
    return intents.plan_cancelling(session, purchase) if is_over and is_open else None
