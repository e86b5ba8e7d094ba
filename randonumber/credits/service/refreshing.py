"""Asking Stripe what became of a purchase: on the return page, by the sweep, and whenever an event says something.

Stripe is read with no transaction open; what it says is done in one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import clock
from randonumber.credits.models import Purchase, PurchaseStatus
from randonumber.credits.service import confirming, disputing, intents, refunds
from randonumber.credits.service.completing import complete_purchase, expire_purchase, fail
from randonumber.credits.service.sessions import lock_purchase
from randonumber.database import transaction
from randonumber.payments.paid import payment_of
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.payments import Effect
    from randonumber.stripe_gateway import CheckoutSession, PaymentIntent

GIVEN_UP: Final = frozenset({"requires_payment_method", "canceled"})
"""An intent behind a completed session in one of these states is a delayed payment that failed."""
CHECK_EVERY: Final = timedelta(minutes=10)
"""How often the sweep asks about a purchase that stays pending; reliability.md allows 15 minutes."""


def refresh_purchase(ref: str, *, actor: str, unless_checked_since: datetime | None = None) -> PurchaseStatus | None:
    """Bring a purchase level with Stripe and return its status; None when there is no such purchase.

    Calls the network; raises StripeUnavailable. Safe to call at any time and at once: what is final is left alone.
    `unless_checked_since`: Stripe is not asked when somebody has asked since then.
    """
    known = _known(ref)
    if known is None:
        return None
    if known.status != PurchaseStatus.PENDING or (known.checkout_session_id or known.payment_intent_id) is None:
        return PurchaseStatus(known.status)
    if unless_checked_since and known.checked_at and known.checked_at > unless_checked_since:
        return PurchaseStatus(known.status)
    effect = _effect_of(known, actor)
    with transaction() as session:
        purchase = lock_purchase(session, ref)
        purchase.checked_at = clock.now()
        purchase.next_check_at = clock.now() + CHECK_EVERY
        session.flush()
        if effect is not None:
            effect(session)
        return PurchaseStatus(purchase.status)


def _effect_of(known: Purchase, actor: str) -> Effect | None:
    """Read what the purchase is paid by, and return what it does to it. Calls the network."""
    if known.checkout_session_id is not None:
        return effect_of_session(known.ref, known.checkout_session_id, actor=actor)
    try:
        intent = gateway().get_payment_intent(known.payment_intent_id or "")
    except StripeNotFound:
        return lambda session: expire_purchase(session, known.ref)
    return effect_of_intent(known.ref, intent, actor=actor)


def effect_of_session(ref: str, checkout_session_id: str, *, actor: str) -> Effect | None:
    """Read a Checkout Session and return what it does to its purchase; None while it is open. Calls the network.

    Raises StripeUnavailable. A session that Stripe does not know (an emptied sandbox) can be paid by nobody.
    """
    try:
        found = gateway().get_checkout_session(checkout_session_id)
    except StripeNotFound:
        return lambda session: expire_purchase(session, ref)
    return effect_of(ref, found, actor=actor)


def effect_of(ref: str, found: CheckoutSession, *, actor: str) -> Effect | None:
    """Return what a session as it is now does to the purchase; None while it may still be paid. Calls the network."""
    if found.status == "expired" and found.payment_status != "paid":
        return lambda session: expire_purchase(session, ref)
    if found.status == "open" or found.payment_intent_id is None:
        return None
    intent = gateway().get_payment_intent(found.payment_intent_id)
    return effect_of_intent(ref, intent, actor=actor, checkout_session_id=found.id)


def effect_of_intent(
    ref: str,
    intent: PaymentIntent,
    *,
    actor: str,
    checkout_session_id: str | None = None,
    with_reversals: bool = False,
) -> Effect | None:
    """Return what a payment as it is now does to the purchase, if only that it is remembered. Calls the network.

    Refunds and disputes are read with it when its charge shows some, and `with_reversals` in any case: one that failed
    or was won leaves no trace on the charge. So every event of a payment, in any order, ends in the same state.
    """
    if checkout_session_id is not None and intent.status in GIVEN_UP:
        return lambda session: fail(session, ref, "payment_failed")
    charge = intent.charge
    if intent.status != "succeeded" or charge is None or not charge.paid:
        return lambda session: _note(session, ref, intent, actor)
    payment = payment_of(charge, checkout_session_id)
    shown = gateway().list_refunds(charge.id) if with_reversals or charge.amount_refunded else []
    disputes = gateway().list_disputes(charge.id) if with_reversals or charge.disputed else []

    def bring_level(session: Session) -> None:
        complete_purchase(session, ref, payment, actor=actor)
        for refund in shown:
            refunds.bring_level(session, ref, refund, actor=actor)
        for dispute in disputes:
            disputing.bring_level(session, ref, dispute, actor=actor)

    return bring_level


def _note(session: Session, ref: str, intent: PaymentIntent, actor: str) -> None:
    """Remember how far a payment has come that nobody has paid yet. Never commits.

    An operator may make another intent that names the purchase: it pays it, and does nothing else to it.
    """
    if lock_purchase(session, ref).payment_intent_id not in {None, intent.id}:
        return
    intents.note(session, ref, intent)
    confirming.bring_level(session, ref, intent, actor=actor)


def is_known(session: Session, ref: str) -> bool:
    """Whether the ref names a purchase here."""
    return session.scalar(select(Purchase.id).where(Purchase.ref == ref)) is not None


def _known(ref: str) -> Purchase | None:
    with transaction() as session:
        return session.scalar(select(Purchase).where(Purchase.ref == ref))
