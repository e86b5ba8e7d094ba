"""The sweep of purchases that stay pending: Stripe is asked what became of them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from randonumber import clock, sweeps
from randonumber.credits.models import Purchase, PurchaseStatus
from randonumber.credits.service.closing import refresh_or_close
from randonumber.credits.service.sessions import lock_purchase
from randonumber.database import transaction
from randonumber.jobs import periodic
from randonumber.stripe_gateway import StripeUnavailable

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger(__name__)
ACTOR: Final = "job:credits.sweep"
AT_ONCE: Final = 100
PUT_OFF: Final = timedelta(minutes=1)


@periodic("credits.sweep_purchases", "* * * * *")
def sweep_purchases() -> None:
    """Ask about the purchases that are due for it; without an answer they stay due."""
    try:
        ask(pending(due_by=clock.now(), limit=AT_ONCE))
    except StripeUnavailable as error:
        log.warning("purchase_sweep_put_off", extra={"reason": error.reason})


def sweep_all() -> int:
    """Ask about every pending purchase, due or not, and return how many ended. Raises StripeUnavailable."""
    return ask(pending(due_by=None, limit=None))


def pending(*, due_by: datetime | None, limit: int | None) -> list[str]:
    """Return the pending purchases that have a session or an intent at Stripe, the longest due first."""
    is_payable = or_(Purchase.checkout_session_id.is_not(None), Purchase.payment_intent_id.is_not(None))
    query = select(Purchase.ref).where(Purchase.status == PurchaseStatus.PENDING, is_payable)
    if due_by is not None:
        query = query.where(Purchase.next_check_at <= due_by)
    with transaction() as session:
        return list(session.execute(query.order_by(Purchase.next_check_at).limit(limit)).scalars())


def ask(refs: list[str]) -> int:
    """Bring each purchase level with Stripe, and close what nobody pays.

    Returns how many are pending no more. Raises StripeUnavailable.
    """
    return sweeps.ask_each(refs, _has_ended, _put_off, what="purchase")


def _has_ended(ref: str) -> bool:
    return refresh_or_close(ref, actor=ACTOR) != PurchaseStatus.PENDING


def _put_off(ref: str) -> None:
    """Let the others go first next time."""
    with transaction() as session:
        lock_purchase(session, ref).next_check_at = clock.now() + PUT_OFF
