"""The customer that stands for a user at Stripe: made once, before the first payment, and made anew if it vanishes.

Locks are taken in one order: the customer's row, then purchases.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from randonumber import calls, clock
from randonumber.credits.models import Purchase, PurchaseStatus, StripeCustomer
from randonumber.credits.service import payables
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal

log = logging.getLogger(__name__)
CREATE: Final = "customer.create"

_BUYER: Final = text("SELECT ref, email FROM users WHERE id = :user_id")
_BUYER_ID: Final = text("SELECT id FROM users WHERE ref = :ref")


def lock_customer(session: Session, user_id: int) -> StripeCustomer:
    """Return the user's row, locked; made when there is none. Never commits."""
    row = {"user_id": user_id, "created_at": clock.now()}
    session.execute(insert(StripeCustomer).values(row).on_conflict_do_nothing())
    query = select(StripeCustomer).where(StripeCustomer.user_id == user_id).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def plan(session: Session, customer: StripeCustomer) -> None:
    """Plan the making of the customer: found again by its address and `metadata.ref`. Never commits."""
    buyer = session.execute(_BUYER, {"user_id": customer.user_id}).one()
    params = {"email": buyer.email, "metadata": {"ref": buyer.ref}}
    customer.call_id = calls.plan(session, operation=CREATE, ref=buyer.ref, params=params)


def settle(session: Session, call: Call, result: Mapping[str, Any]) -> int:
    """Keep the customer's id, go on with the purchases that waited for it, and return whose it is. Never commits."""
    customer = lock_customer(session, _user_id(session, call))
    customer.stripe_customer_id, customer.call_id = result["id"], None
    for purchase in _waiting(session, customer.user_id):
        payables.plan(session, purchase, result["id"])
    return customer.user_id


def refuse(session: Session, call: Call, refusal: Refusal) -> int:
    """Fail the purchases that waited: Stripe will not have this customer; the next asks anew. Never commits.

    Returns whose customer it was to be.
    """
    log.error("customer_refused", extra={"user": call.ref, "code": refusal.code, "param": refusal.param})
    customer = lock_customer(session, _user_id(session, call))
    customer.call_id = None
    for purchase in _waiting(session, customer.user_id):
        purchase.status, purchase.failure = PurchaseStatus.FAILED, refusal.code or "refused"
    return customer.user_id


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the customer up at Stripe. Calls the network."""
    return gateway().find_by_ref("customers", call.ref, email=str(call.params["email"]))


def forget(session: Session, stripe_customer_id: str) -> int | None:
    """Forget a customer that is gone at Stripe; the next purchase makes a new one. Never commits.

    Returns whose it was; None when it is nobody's (any more).
    """
    query = select(StripeCustomer).where(StripeCustomer.stripe_customer_id == stripe_customer_id)
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    customer = session.execute(locked).scalar_one_or_none()
    if customer is None:
        return None
    customer.stripe_customer_id = None
    return customer.user_id


def _user_id(session: Session, call: Call) -> int:
    user_id: int = session.execute(_BUYER_ID, {"ref": call.ref}).scalar_one()
    return user_id


def _waiting(session: Session, user_id: int) -> list[Purchase]:
    """Return the user's purchases whose session or intent is neither made nor planned, locked."""
    query = (
        select(Purchase)
        .where(
            Purchase.user_id == user_id,
            Purchase.status == PurchaseStatus.PENDING,
            Purchase.checkout_session_id.is_(None),
            Purchase.payment_intent_id.is_(None),
            Purchase.call_id.is_(None),
        )
        .order_by(Purchase.id)
        .with_for_update(key_share=True)
    )
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())
