"""Charging the saved card of a purchase: the call that confirms its intent, and what comes of each try.

The first try is made off session. When the bank wants to hear from the card's owner, the purchase stays pending with
that for its `failure`, until its owner has answered (`authenticating`) or its time is over. Any other decline is final:
the purchase fails and its intent is cancelled, so that nothing tries the card again by itself.
https://docs.stripe.com/payments/save-and-reuse, https://docs.stripe.com/declines/codes
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from flask import current_app

from randonumber import calls, clock, jobs
from randonumber.credits import mails
from randonumber.credits.models import Card, PurchaseMethod, PurchaseStatus
from randonumber.credits.service import intents
from randonumber.credits.service.completing import LEVEL_CARDS, complete_purchase, expire_purchase
from randonumber.credits.service.sessions import lock_purchase
from randonumber.payments.cards import ASKS_OWNER
from randonumber.payments.paid import payment_of
from randonumber.stripe_gateway import gateway, read_payment_intent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal
    from randonumber.credits.models import Purchase
    from randonumber.stripe_gateway import PaymentIntent

log = logging.getLogger(__name__)
CONFIRM: Final = "payment_intent.confirm"
BY_CARD: Final = frozenset({PurchaseMethod.ONE_CLICK, PurchaseMethod.AUTO_TOPUP})
"""Purchases that a saved card pays."""
CARD_REMOVED: Final = "card_removed"
UNEXPECTED_STATE: Final = "payment_intent_unexpected_state"
PAYMENT_REQUIRED: Final = 402


def plan(session: Session, purchase: Purchase, *, off_session: bool = True) -> int | None:
    """Plan the charging of the purchase's card, and return the call's id. Never commits.

    None when the card is gone: the purchase fails then. With `off_session` False the owner is there, and is sent to
    the bank's question.
    """
    card = session.get(Card, purchase.card_id, populate_existing=True)
    if card is None or card.removed_at is not None:
        give_up(session, purchase, CARD_REMOVED)
        return None
    params: dict[str, Any] = {
        "intent": purchase.payment_intent_id,
        "payment_method": card.stripe_payment_method_id,
        "expand": ["latest_charge"],
    }
    if off_session:
        params["off_session"] = True
    else:
        params["return_url"] = f"{current_app.extensions['config'].base_url}/credits/purchases/{purchase.ref}"
    purchase.call_id = calls.plan(session, operation=CONFIRM, ref=purchase.ref, params=params)
    return purchase.call_id


def settle(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Book what a try came to, in the transaction that closes its call. Never commits."""
    _close(session, call)
    bring_level(session, call.ref, read_payment_intent(dict(result)), actor=f"call:{call.id}")


def refuse(session: Session, call: Call, refusal: Refusal) -> None:
    """Write down why the card was not charged. Never commits; a purchase that is paid or over stays as it is."""
    purchase = _close(session, call)
    if purchase.status != PurchaseStatus.PENDING:
        return
    if refusal.status == PAYMENT_REQUIRED:
        _declined(session, purchase, refusal.code, refusal.decline_code)
    elif refusal.code == UNEXPECTED_STATE:
        purchase.next_check_at = clock.now()  # paid or cancelled by another try: the next look tells
    else:
        is_card_gone = refusal.param == "payment_method"
        give_up(session, purchase, CARD_REMOVED if is_card_gone else refusal.code or "refused")
        jobs.enqueue(session, LEVEL_CARDS, user_id=purchase.user_id)


def find(call: Call) -> Mapping[str, Any] | None:
    """Read the intent, and return it when this try has moved it; None when it did not. Calls the network.

    An intent is tried off session once, and first, so any error on it is that try's. Later tries ask its owner; they
    end in a question, a payment or another error than those that led to them.
    """
    found = gateway().show_payment_intent(str(call.params["intent"]))
    intent = read_payment_intent(found)
    if intent.status not in {"requires_payment_method", "requires_confirmation"}:
        return found
    known = frozenset({None}) if call.params.get("off_session") else ASKS_OWNER | {None}
    return None if intent.error_code in known else found


def bring_level(session: Session, ref: str, intent: PaymentIntent, *, actor: str) -> None:
    """Do to a pending purchase what its intent as it is now says. Never commits; safe to call again, and late.

    Purchases that no saved card pays keep waiting after an error: their buyer tries again on the page.
    """
    charge = intent.charge
    if intent.status == "succeeded" and charge is not None and charge.paid:
        complete_purchase(session, ref, payment_of(charge), actor=actor)
        return
    if intent.status == "canceled":
        expire_purchase(session, ref)
        return
    purchase = lock_purchase(session, ref)
    if purchase.status != PurchaseStatus.PENDING or purchase.method not in BY_CARD:
        return
    if intent.status == "requires_action":
        _ask_owner(session, purchase, "authentication_required")
    elif intent.status == "requires_payment_method" and intent.error_code is not None:
        _declined(session, purchase, intent.error_code, intent.decline_code)


def give_up(session: Session, purchase: Purchase, reason: str) -> None:
    """Let the purchase fail, and its intent be cancelled: nothing can take its money any more. Never commits."""
    purchase.status, purchase.failure, purchase.call_id = PurchaseStatus.FAILED, reason, None
    if purchase.payment_intent_id is not None:
        intents.plan_cancelling(session, purchase)
    log.info("purchase_declined", extra={"purchase": purchase.ref, "reason": reason})


def _declined(session: Session, purchase: Purchase, code: str | None, decline_code: str | None) -> None:
    if code in ASKS_OWNER:
        _ask_owner(session, purchase, code)
        return
    reason = decline_code if code == "card_declined" else code
    give_up(session, purchase, reason or "card_declined")


def _ask_owner(session: Session, purchase: Purchase, reason: str) -> None:
    """Keep the purchase open until the card's owner has answered the bank; told by mail once."""
    is_first = purchase.failure is None
    purchase.failure = reason
    if is_first and purchase.method == PurchaseMethod.ONE_CLICK:
        mails.ask_to_confirm(session, purchase)


def _close(session: Session, call: Call) -> Purchase:
    purchase = lock_purchase(session, call.ref)
    if purchase.call_id is not None and purchase.call_id <= call.id:  # it names the first attempt of this try
        purchase.call_id = None
    session.flush()  # the purchase may be locked and read once more in this transaction
    return purchase
