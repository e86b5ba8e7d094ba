"""Asking Stripe what became of a top-up: on its page, by the sweeps, and whenever an event says something.

Stripe is read with no transaction open; what it says is done in one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import clock
from randonumber.database import transaction
from randonumber.payments.paid import payment_of
from randonumber.stripe_gateway import StripeNotFound, gateway
from randonumber.wallet.models import Topup, TopupStatus
from randonumber.wallet.service import card_paying, releasing, reversing
from randonumber.wallet.service.completing import complete_topup, expire_topup, fail_late
from randonumber.wallet.service.reversal_reading import of_dispute, of_refund
from randonumber.wallet.service.rows import lock_topup

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.payments import Effect
    from randonumber.stripe_gateway import Charge, CheckoutSession, PaymentIntent
    from randonumber.wallet.service.reversal_reading import Shown

GIVEN_UP: Final = frozenset({"requires_payment_method", "canceled"})
"""An intent behind a completed session in one of these states is a delayed payment that failed."""
CHECK_EVERY: Final = timedelta(minutes=10)
"""How often the sweep asks about a top-up that stays pending."""
UNSETTLED: Final = frozenset({TopupStatus.PENDING, TopupStatus.PAID})
"""Top-ups about which Stripe is asked: not paid yet, or not available yet."""


def refresh_topup(ref: str, *, actor: str, unless_checked_since: datetime | None = None) -> TopupStatus | None:
    """Bring a top-up level with Stripe and return its status; None when there is no such top-up.

    Calls the network; raises StripeUnavailable. Safe to call at any time and at once: what is final is left alone.
    `unless_checked_since`: Stripe is not asked when somebody has asked since then.
    """
    known = _known(ref)
    if known is None:
        return None
    if known.status not in UNSETTLED or (known.checkout_session_id or known.payment_intent_id) is None:
        return TopupStatus(known.status)
    if unless_checked_since and known.checked_at and known.checked_at > unless_checked_since:
        return TopupStatus(known.status)
    effect = _effect_of(known, actor)
    with transaction() as session:
        topup = lock_topup(session, ref)
        topup.checked_at = clock.now()
        topup.next_check_at = clock.now() + CHECK_EVERY
        session.flush()
        if effect is not None:
            effect(session)
        return TopupStatus(lock_topup(session, ref).status)


def effect_of_session(ref: str, found: CheckoutSession, *, actor: str) -> Effect | None:
    """Return what a session as it is now does to the top-up; None while it may still be paid. Calls the network."""
    if found.status == "expired" and found.payment_status != "paid":
        return lambda session: _expire_with(session, ref, found.id)
    if found.status == "open" or found.payment_intent_id is None:
        return None
    intent = gateway().get_payment_intent(found.payment_intent_id)
    if intent.status in GIVEN_UP:
        return lambda session: fail_late(session, ref)
    if intent.status == "processing":
        return lambda session: _close_page(session, ref, found.id)
    return effect_of_intent(ref, intent, actor=actor, checkout_session_id=found.id)


def effect_of_intent(
    ref: str,
    intent: PaymentIntent,
    *,
    actor: str,
    checkout_session_id: str | None = None,
    with_reversals: bool = False,
) -> Effect | None:
    """Return what a payment as it is now does to the top-up. Calls the network.

    Refunds and disputes are read with it when its charge shows some, and `with_reversals` in any case; its funds while
    they are not available yet. So every event of a payment, in any order, ends in the same state.
    """
    charge = intent.charge
    if intent.status != "succeeded" or charge is None or not charge.paid:
        return lambda session: card_paying.bring_level(session, ref, intent, actor=actor)
    payment = payment_of(charge, checkout_session_id)
    reversals = _read_reversals(charge, all_of_them=with_reversals)
    funds = _read_funds(ref, charge)

    def bring_level(session: Session) -> None:
        complete_topup(session, ref, payment, actor=actor)
        for shown in reversals:
            reversing.bring_level(session, ref, shown, actor=actor)
        if lock_topup(session, ref).payment_id == payment.payment_id:
            releasing.release(session, ref, funds, actor=actor)

    return bring_level


def _read_reversals(charge: Charge, *, all_of_them: bool) -> list[Shown]:
    """Read the refunds and disputes of a charge, refunds first. Calls the network.

    Those that its charge shows, and `all_of_them` in any case: one that failed or was won leaves no trace on it.
    """
    refunds = gateway().list_refunds(charge.id) if all_of_them or charge.amount_refunded else []
    disputes = gateway().list_disputes(charge.id) if all_of_them or charge.disputed else []
    return [*map(of_refund, refunds), *map(of_dispute, disputes)]


def _read_funds(ref: str, charge: Charge) -> releasing.Funds | None:
    known = _known(ref)
    is_unsettled = known is not None and known.status not in {TopupStatus.AVAILABLE, TopupStatus.REVIEW}
    return releasing.read_funds(charge) if is_unsettled else None


def _effect_of(known: Topup, actor: str) -> Effect | None:
    """Read what the top-up is paid by, and return what it does to it. Calls the network."""
    try:
        if known.payment_intent_id is not None:
            intent = gateway().get_payment_intent(known.payment_intent_id)
            return effect_of_intent(known.ref, intent, actor=actor)
        found = gateway().get_checkout_session(known.checkout_session_id or "")
    except StripeNotFound:  # an emptied sandbox: it can be paid by nobody
        return lambda session: expire_topup(session, known.ref)
    return effect_of_session(known.ref, found, actor=actor)


def _expire_with(session: Session, ref: str, checkout_session_id: str) -> None:
    """Let the top-up expire with its session; one that is not its own says nothing. Never commits."""
    if lock_topup(session, ref).checkout_session_id in {None, checkout_session_id}:
        expire_topup(session, ref)


def _close_page(session: Session, ref: str, checkout_session_id: str) -> None:
    """Forget the page of a session that was paid by a slow bank: nobody can pay there any more. Never commits."""
    topup = lock_topup(session, ref)
    if topup.status == TopupStatus.PENDING and topup.checkout_session_id == checkout_session_id:
        topup.checkout_url = None
    session.flush()


def _known(ref: str) -> Topup | None:
    with transaction() as session:
        return session.scalar(select(Topup).where(Topup.ref == ref))
