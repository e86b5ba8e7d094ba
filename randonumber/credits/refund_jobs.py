"""The sweep of refunds that Stripe still works on: it is asked what became of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import payments
from randonumber.credits.models import Purchase, Refund, RefundStatus
from randonumber.database import transaction
from randonumber.jobs import periodic
from randonumber.stripe_gateway import StripeUnavailable, gateway

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)
ACTOR: Final = "job:credits.sweep_refunds"


@periodic("credits.sweep_refunds", "23 * * * *")
def sweep_refunds() -> None:
    """Ask once an hour: a bank takes days, and events usually tell."""
    try:
        sweep_all()
    except StripeUnavailable as error:
        log.warning("refund_sweep_put_off", extra={"reason": error.reason})


def sweep_all() -> int:
    """Bring every payment with a pending refund level with Stripe; return how many refunds ended.

    Raises StripeUnavailable when Stripe does not answer at all. What is held is the journal's to bring to an end.
    """
    before = _pending()
    for payment_id in dict.fromkeys(payment_id for _, payment_id in before):
        _bring_level(payment_id)
    return len(before) - len(_pending())


def _pending() -> Sequence[tuple[str, str]]:
    query = (
        select(Refund.ref, Purchase.payment_id)
        .join(Purchase, Purchase.id == Refund.purchase_id)
        .where(Refund.status == RefundStatus.PENDING, Purchase.payment_id.is_not(None))
        .order_by(Refund.id)
    )
    with transaction() as session:
        return [(row.ref, row.payment_id or "") for row in session.execute(query)]


def _bring_level(payment_id: str) -> None:
    try:
        effect = payments.effect_of_charge(gateway().get_charge(payment_id), actor=ACTOR)
        if effect is not None:
            with transaction() as session:
                effect(session)
    except StripeUnavailable as error:
        if error.status is None:  # Stripe itself is away
            raise
        log.warning("refund_sweep_unanswered", extra={"payment": payment_id, "reason": error.reason})
    except Exception:  # the worker's loop: one payment must not stop the rest
        log.exception("refund_sweep_failed", extra={"payment": payment_id})
