"""Stripe's answer to a refund that was asked for here. Building blocks of the journal's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from randonumber import calls
from randonumber.credits.models import Purchase, Refund, RefundOrigin, RefundStatus
from randonumber.credits.service.refunds import booking, levelling
from randonumber.credits.service.sessions import lock_purchase
from randonumber.stripe_gateway import gateway, read_refund

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal

CREATE: Final = "refund.create"


def plan(session: Session, purchase: Purchase, refund: Refund) -> None:
    """Plan the making of a refund at Stripe. Never commits."""
    params: dict[str, Any] = {
        "payment_intent": purchase.payment_intent_id,
        "amount": refund.amount_minor,
        "metadata": {"purchase_ref": purchase.ref},
    }
    if refund.origin == RefundOrigin.BUYER:
        params["reason"] = "requested_by_customer"
    refund.call_id = calls.plan(session, operation=CREATE, ref=refund.ref, params=params)


def settle(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Follow the refund that Stripe has made. Never commits; its events may have been here before."""
    purchase, refund = _lock(session, call.ref)
    refund.call_id = None
    if refund.stripe_refund_id in {None, result["id"]}:
        levelling.follow(session, purchase, refund, read_refund(dict(result)), actor=refund.actor)


def refuse(session: Session, call: Call, refusal: Refusal) -> None:
    """Give back what was held: Stripe will not make this refund. Never commits."""
    purchase, refund = _lock(session, call.ref)
    refund.call_id = None
    if refund.status == RefundStatus.HELD:
        failure = refusal.code or refusal.message
        booking.undo(session, purchase, refund, RefundStatus.REFUSED, failure, actor=refund.actor)


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the refund up at Stripe. Calls the network."""
    return gateway().find_by_ref("refunds", call.ref, payment_intent=str(call.params["payment_intent"]))


def _lock(session: Session, refund_ref: str) -> tuple[Purchase, Refund]:
    """Lock the purchase of a refund, and return both as they are now."""
    of_refund = select(Purchase.ref).join(Refund, Refund.purchase_id == Purchase.id).where(Refund.ref == refund_ref)
    purchase = lock_purchase(session, session.execute(of_refund).scalar_one())
    query = select(Refund).where(Refund.ref == refund_ref).with_for_update(key_share=True)
    return purchase, session.execute(query.execution_options(populate_existing=True)).scalar_one()
