"""Cards that failed, counted for each user: whoever tries cards on our pages is stopped (pains.md, 25).

Stripe tells of each failed try, on our own page as with a saved card, and of each card that could not be saved. Above
MOST_FAILURES_PER_HOUR (`payments.cards`) nothing new can be paid on our pages, and no card saved, for the rest of the
hour, and an intent on which one more try failed is cancelled: it would take tries for ever. Stripe's own page stays
open; it guards itself, and an honest buyer can pay there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber.credits.models import Purchase, PurchaseMethod
from randonumber.credits.service import payables
from randonumber.credits.service.sessions import lock_purchase
from randonumber.payments import cards

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
METHODS: Final = frozenset({PurchaseMethod.CUSTOM, PurchaseMethod.ONE_CLICK})


def refuse_after_many(session: Session, user_id: int, method: PurchaseMethod) -> None:
    """Refuse to start a purchase on our pages after too many failures. Never commits; raises RateLimited."""
    if method in METHODS:
        cards.refuse_after_many(session, user_id)


def find_paid_here(session: Session, payment_intent_id: str) -> str | None:
    """Return the purchase of an intent that is paid on our pages. Never commits."""
    query = select(Purchase.ref).where(Purchase.payment_intent_id == payment_intent_id, Purchase.method.in_(METHODS))
    return session.execute(query).scalar_one_or_none()


def count_failure(session: Session, ref: str) -> None:
    """Count a failed try to pay a purchase; too many cancel its intent. Never commits: once for each event."""
    purchase = lock_purchase(session, ref)
    if is_one_too_many(session, purchase.user_id, ref):
        payables.plan_closing(session, purchase)


def is_one_too_many(session: Session, user_id: int, ref: str) -> bool:
    """Count a failed try of a user at `ref`, and say whether there were too many by now. Never commits."""
    failures = cards.count_failure(session, user_id)
    if failures < cards.MOST_FAILURES_PER_HOUR:
        return False
    log.warning("card_failures_beyond_limit", extra={"ref": ref, "failures": failures})
    return True
