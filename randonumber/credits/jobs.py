"""The sweep of purchases that stay pending: Stripe is asked what became of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import clock
from randonumber.credits.models import Purchase, PurchaseStatus
from randonumber.credits.service import refresh_purchase
from randonumber.database import transaction
from randonumber.jobs import periodic
from randonumber.stripe_gateway import StripeUnavailable

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger(__name__)
ACTOR: Final = "job:credits.sweep"
AT_ONCE: Final = 100


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
    """Return the pending purchases that have a session at Stripe, the longest due first."""
    query = select(Purchase.ref).where(
        Purchase.status == PurchaseStatus.PENDING, Purchase.checkout_session_id.is_not(None)
    )
    if due_by is not None:
        query = query.where(Purchase.next_check_at <= due_by)
    with transaction() as session:
        return list(session.execute(query.order_by(Purchase.next_check_at).limit(limit)).scalars())


def ask(refs: list[str]) -> int:
    """Bring each purchase level with Stripe, and return how many are pending no more. Raises StripeUnavailable."""
    return sum(refresh_purchase(ref, actor=ACTOR) != PurchaseStatus.PENDING for ref in refs)
