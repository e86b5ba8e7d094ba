"""The PaymentIntent of a purchase that is not paid on the hosted page. Its amount never changes.

https://docs.stripe.com/api/payment_intents
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from randonumber import calls
from randonumber.credits.models import PurchaseMethod, PurchaseStatus
from randonumber.credits.service.sessions import lock_purchase
from randonumber.credits.wording import count_of_credits
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call
    from randonumber.credits.models import Purchase
    from randonumber.stripe_gateway import PaymentIntent

CREATE: Final = "payment_intent.create"
CANCEL: Final = "payment_intent.cancel"
UNPAID: Final = "requires_payment_method"
PROCESSING: Final = "processing"
PAYABLE: Final = frozenset({UNPAID, "requires_confirmation", "requires_action"})
"""An intent in one of these states can be paid, and be cancelled
(https://docs.stripe.com/api/payment_intents/cancel); one that is `processing` is paid or not within days."""


def plan(session: Session, purchase: Purchase, stripe_customer_id: str) -> None:
    """Plan the making of the purchase's intent; its price is the stored one. Never commits."""
    params = intent_params(purchase, stripe_customer_id)
    purchase.call_id = calls.plan(session, operation=CREATE, ref=purchase.ref, params=params)


def intent_params(purchase: Purchase, stripe_customer_id: str) -> dict[str, Any]:
    """Return what an intent is made with. A saved card is charged by the call that confirms it, not by this one."""
    params: dict[str, Any] = {
        "amount": purchase.amount_minor,
        "currency": purchase.currency,
        "customer": stripe_customer_id,
        "description": count_of_credits(purchase.credits),
        "metadata": {"purchase_ref": purchase.ref},
    }
    if purchase.method == PurchaseMethod.CUSTOM:
        params["automatic_payment_methods"] = {"enabled": True}
    else:
        params["payment_method_types"] = ["card"]
    if purchase.saves_card:
        params["setup_future_usage"] = "off_session"
    return params


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the intent up at Stripe. Calls the network."""
    return gateway().find_by_ref("payment_intents", call.ref, customer=str(call.params["customer"]))


def plan_cancelling(session: Session, purchase: Purchase) -> int:
    """Plan the cancelling of the purchase's open intent, and return the call's id. Never commits."""
    params = {"intent": purchase.payment_intent_id}
    return calls.plan(session, operation=CANCEL, ref=purchase.ref, params=params)


def is_payable_on_page(purchase: Purchase) -> bool:
    """Whether its buyer may try again on our page; sent again, its form goes on with the same intent."""
    is_open = purchase.status == PurchaseStatus.PENDING and purchase.form_ref is not None
    may_be_paid = purchase.intent_status is None or purchase.intent_status in PAYABLE
    return purchase.method == PurchaseMethod.CUSTOM and is_open and may_be_paid


def find_cancelled(call: Call) -> Mapping[str, Any] | None:
    """Return the intent of a cancelling whose outcome is unknown, if it is cancelled. Calls the network."""
    intent = gateway().get_payment_intent(str(call.params["intent"]))
    return {"id": intent.id, "status": intent.status} if intent.status == "canceled" else None


def note(session: Session, ref: str, intent: PaymentIntent) -> None:
    """Remember how far the buyer has come with the intent, and why the last try on our page failed. Never commits.

    Only while the purchase is pending; safe to call again, and a late reading is put right by the next one. Of the
    hosted page no more is remembered than that a delayed payment is on its way: the rest is between it and the buyer.
    """
    purchase = lock_purchase(session, ref)
    is_on_its_way = purchase.method == PurchaseMethod.CHECKOUT and intent.status == PROCESSING
    if purchase.status != PurchaseStatus.PENDING or not (purchase.payment_intent_id == intent.id or is_on_its_way):
        return
    purchase.intent_status = intent.status
    if purchase.method == PurchaseMethod.CUSTOM:
        reason = intent.decline_code if intent.error_code == "card_declined" else intent.error_code
        purchase.failure = reason if intent.status == UNPAID else None
    session.flush()  # others may lock the row and read it once more in this transaction
