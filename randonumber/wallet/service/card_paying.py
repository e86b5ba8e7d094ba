"""A top-up with a saved card: one call that makes the intent and charges the card, off session.

When the card's bank wants to hear from its owner, which only the owner can answer, the top-up goes on as a Checkout
Session: the charge of the call never happened (`error_on_requires_action`), so it is paid once at most. Any other
decline is final. https://docs.stripe.com/payments/save-and-reuse,
https://docs.stripe.com/api/payment_intents/create#create_payment_intent-error_on_requires_action
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from randonumber import calls, clock, jobs
from randonumber.payments.cards import ASKS_OWNER, count_failure
from randonumber.payments.paid import payment_of
from randonumber.stripe_gateway import gateway, read_payment_intent
from randonumber.wallet.models import TopupMethod, TopupStatus
from randonumber.wallet.service import sessions
from randonumber.wallet.service.completing import complete_topup, fail
from randonumber.wallet.service.rows import lock_topup, paying_card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal
    from randonumber.stripe_gateway import PaymentIntent
    from randonumber.wallet.models import Topup

log = logging.getLogger(__name__)
CREATE: Final = "payment_intent.create"
CARD_REMOVED: Final = "card_removed"
ASKED: Final = "authentication_required"
PAYMENT_REQUIRED: Final = 402
LEVEL_CARDS: Final = "credits.level_cards"
"""The job that looks which cards Stripe still has."""


def plan(session: Session, topup: Topup) -> None:
    """Plan the charging of the top-up's card; the top-up fails when the card is gone. Never commits."""
    card = paying_card(session, topup)
    if card is None:
        fail(session, topup, CARD_REMOVED)
        return
    params: dict[str, Any] = {
        "amount": topup.amount_minor,
        "currency": topup.currency,
        "customer": card.customer_id,
        "payment_method": card.method_id,
        "payment_method_types": ["card"],
        "confirm": True,
        "off_session": True,
        "error_on_requires_action": True,
        "description": sessions.NAME,
        "metadata": {"topup_ref": topup.ref},
        "expand": ["latest_charge"],
    }
    topup.call_id = calls.plan(session, operation=CREATE, ref=topup.ref, params=params)


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the intent up at Stripe, with its charge. Calls the network."""
    found = gateway().find_by_ref("payment_intents", call.ref, customer=str(call.params["customer"]))
    return gateway().show_payment_intent(found["id"]) if found else None


def settle(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Book what the charging came to, in the transaction that closes its call. Never commits."""
    _close(session, call)
    bring_level(session, call.ref, read_payment_intent(dict(result)), actor=f"call:{call.id}")


def refuse(session: Session, call: Call, refusal: Refusal) -> None:
    """Write down why the card was not charged. Never commits; a top-up that is paid or over stays as it is."""
    topup = _close(session, call)
    if topup.status != TopupStatus.PENDING:
        return
    if refusal.status == PAYMENT_REQUIRED:
        _declined(session, topup, refusal.code, refusal.decline_code)
        return
    is_gone = refusal.param in {"payment_method", "customer"}
    log.error("topup_refused", extra={"topup": topup.ref, "code": refusal.code, "param": refusal.param})
    fail(session, topup, CARD_REMOVED if is_gone else refusal.code or "refused")
    jobs.enqueue(session, LEVEL_CARDS, user_id=topup.user_id)


def bring_level(session: Session, ref: str, intent: PaymentIntent, *, actor: str) -> None:
    """Do to a top-up what the intent that charges its card says. Never commits; safe to call again, and late."""
    topup = lock_topup(session, ref)
    if intent.status == "succeeded" and intent.charge is not None and intent.charge.paid:
        complete_topup(session, ref, payment_of(intent.charge), actor=actor)
        return
    is_its_own = topup.payment_intent_id in {None, intent.id} and topup.checkout_session_id is None
    if topup.status != TopupStatus.PENDING or not is_its_own or topup.call_id is not None:
        return
    if intent.status in {"requires_action", "requires_payment_method"} and topup.method == TopupMethod.CARD:
        asks = intent.status == "requires_action"
        _declined(session, topup, ASKED if asks else intent.error_code, intent.decline_code)
    elif intent.status == "canceled" and topup.method == TopupMethod.CARD:
        topup.status = TopupStatus.EXPIRED
    elif topup.method == TopupMethod.CARD:
        topup.payment_intent_id, topup.next_check_at = intent.id, clock.now()
    session.flush()


def _close(session: Session, call: Call) -> Topup:
    topup = lock_topup(session, call.ref)
    if topup.call_id == call.id:
        topup.call_id = None
    session.flush()  # the top-up may be locked and read once more in this transaction
    return topup


def _declined(session: Session, topup: Topup, code: str | None, decline_code: str | None) -> None:
    """End the top-up, or lead its owner to the bank's question on the hosted page."""
    topup.payment_intent_id = None
    if code in ASKS_OWNER or decline_code in ASKS_OWNER:
        topup.failure = ASKED
        sessions.plan(session, topup)
        return
    count_failure(session, topup.user_id)
    fail(session, topup, (decline_code if code == "card_declined" else code) or "card_declined")
