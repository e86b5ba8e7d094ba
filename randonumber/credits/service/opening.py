"""The way to a purchase's payment: its customer, then its session or intent, each by a call of the journal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from randonumber import clock
from randonumber.credits.models import Purchase, PurchaseStatus, StripeCustomer
from randonumber.credits.service import card_setups, cards, confirming, customers, payables, sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal

log = logging.getLogger(__name__)


def prepare(session: Session, purchase: Purchase) -> None:
    """Plan what leads to the purchase's payment: the call of its own, or that of the customer first. Never commits.

    The customer's answer plans the calls of every purchase that waits for it.
    """
    customer = customers.lock_customer(session, purchase.user_id)
    if customer.stripe_customer_id is not None:
        payables.plan(session, purchase, customer.stripe_customer_id)
    elif customer.call_id is None:
        customers.plan(session, customer)


def outstanding_call(session: Session, purchase: Purchase) -> int | None:
    """Return the call to be driven next towards the purchase's payment; None when there is none. Never commits."""
    if purchase.status != PurchaseStatus.PENDING:
        return None
    if purchase.call_id is not None:
        return purchase.call_id
    if is_prepared(purchase):
        return None
    customer = session.get(StripeCustomer, purchase.user_id, populate_existing=True)
    return customer.call_id if customer is not None else None


def is_prepared(purchase: Purchase) -> bool:
    """Whether there is something at Stripe by which the purchase is paid."""
    return purchase.checkout_session_id is not None or purchase.payment_intent_id is not None


def settle_customer(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Keep the customer's id, and go on with the purchases and the savings of cards that waited. Never commits."""
    user_id = customers.settle(session, call, result)
    card_setups.plan_waiting(session, user_id, result["id"])


def refuse_customer(session: Session, call: Call, refusal: Refusal) -> None:
    """Fail what waited: Stripe will not have this customer. Never commits."""
    user_id = customers.refuse(session, call, refusal)
    card_setups.fail_waiting(session, user_id)


def settle_session(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Keep where the purchase is paid. Never commits; a webhook may have been here before."""
    purchase = sessions.lock_purchase(session, call.ref)
    purchase.call_id = None
    if purchase.checkout_session_id is None:
        purchase.checkout_session_id = result["id"]
    if purchase.checkout_session_id == result["id"]:
        purchase.checkout_url = result.get("url")
        purchase.expires_at = clock.from_timestamp(result["expires_at"])


def settle_intent(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Keep by what the purchase is paid. Never commits; a webhook may have been here before."""
    purchase = sessions.lock_purchase(session, call.ref)
    purchase.call_id = None
    if purchase.payment_intent_id is None:
        purchase.payment_intent_id = result["id"]
    if purchase.status == PurchaseStatus.PENDING and purchase.method in confirming.BY_CARD:
        confirming.plan(session, purchase)


def refuse(session: Session, call: Call, refusal: Refusal) -> None:
    """Fail the purchase; or, when its customer is gone at Stripe, begin again with a new one. Never commits."""
    user_id = session.execute(select(Purchase.user_id).where(Purchase.ref == call.ref)).scalar_one()
    customer = customers.lock_customer(session, user_id)
    is_customer_gone = refusal.code == "resource_missing" and refusal.param == "customer"
    if is_customer_gone and customer.stripe_customer_id == call.params["customer"]:
        log.warning("customer_missing_at_stripe", extra={"purchase": call.ref, "customer": customer.stripe_customer_id})
        customer.stripe_customer_id = None
    purchase = sessions.lock_purchase(session, call.ref)
    purchase.call_id = None
    if is_customer_gone and customer.stripe_customer_id is None:
        cards.hide_all(session, user_id)
    if purchase.status != PurchaseStatus.PENDING or is_prepared(purchase):
        return
    if is_customer_gone and purchase.card_id is not None:
        confirming.give_up(session, purchase, confirming.CARD_REMOVED)  # its cards are gone with it
        return
    if is_customer_gone:
        session.flush()
        prepare(session, purchase)
        return
    log.error("payment_refused", extra={"purchase": purchase.ref, "code": refusal.code, "param": refusal.param})
    purchase.status, purchase.failure = PurchaseStatus.FAILED, refusal.code or "refused"


def settle_closing(session: Session, call: Call, _result: Mapping[str, Any]) -> None:
    """Let the purchase expire with its session or intent, and its form be used for another order. Never commits."""
    purchase = sessions.lock_purchase(session, call.ref)
    if purchase.status == PurchaseStatus.PENDING:
        purchase.status = PurchaseStatus.EXPIRED
    if purchase.status == PurchaseStatus.EXPIRED:
        purchase.form_ref = None


def refuse_closing(_session: Session, call: Call, refusal: Refusal) -> None:
    """Change nothing: the session or intent is paid or over, and whoever asked reads it again."""
    log.info("payment_not_open", extra={"purchase": call.ref, "code": refusal.code})
