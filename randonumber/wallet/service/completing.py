"""What Stripe's word about a payment does to a top-up: completed, failed, expired, or put aside for an operator.

The webhook, the return page, the sweep, the call that charged a card and reconciliation all end here, in any order and
as often as they like: the top-up's row is locked, and what it says decides.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, jobs, ledger
from randonumber.ledger import Move, accounts
from randonumber.payments.paid import Completed
from randonumber.reconciliation import MIRROR_SOON
from randonumber.wallet import mails
from randonumber.wallet.models import BOOKED, Topup, TopupExtraPayment, TopupStatus
from randonumber.wallet.service.rows import lock_topup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.payments.paid import Payment

log = logging.getLogger(__name__)
POSTING: Final = "topup"
PAYMENT_FAILED: Final = "payment_failed"
"""A delayed payment, such as a bank debit, that did not arrive."""


def complete_topup(session: Session, ref: str, payment: Payment, *, actor: str) -> Completed:
    """Book a paid top-up: its money is on its way into the wallet. Never commits; safe to call again, and at once.

    A payment of another amount or currency than was asked for puts the top-up aside for review, and its money to
    `unmatched` once the mirror brings it; so does a second payment for a top-up that is paid.
    """
    topup = lock_topup(session, ref)
    if topup.payment_id == payment.payment_id:
        return Completed.REVIEW if topup.status == TopupStatus.REVIEW else Completed.ALREADY
    if topup.payment_id is not None:
        return _second_payment(session, topup, payment)
    _keep(topup, payment)
    jobs.enqueue(session, MIRROR_SOON)
    if (payment.amount_minor, payment.currency) != (topup.amount_minor, topup.currency):
        return _review(session, topup, payment)
    topup.status, topup.failure, topup.paid_at = TopupStatus.PAID, None, payment.paid_at
    topup.pending_minor = topup.amount_minor
    topup.next_check_at = clock.now()
    session.flush()
    pending = accounts.wallet_pending(topup.user_id)
    move = Move(source=accounts.STRIPE_BALANCE, destination=pending, amount=topup.amount_minor)
    ledger.post(
        session,
        kind=POSTING,
        ref=topup.ref,
        entries=[move],
        actor=actor,
        user_id=topup.user_id,
        event_at=payment.paid_at,
    )
    mails.send_receipt(session, topup)
    log.info("topup_paid", extra={"topup": topup.ref, "payment": topup.payment_id, "actor": actor})
    return Completed.BOOKED


def expire_topup(session: Session, ref: str) -> None:
    """Let a top-up expire that nobody can pay any more. Never commits; anything but pending stays as it is."""
    topup = lock_topup(session, ref)
    if topup.status == TopupStatus.PENDING:
        topup.status = TopupStatus.EXPIRED
        session.flush()
        log.info("topup_expired", extra={"topup": ref})


def fail_late(session: Session, ref: str) -> None:
    """Let a top-up fail whose delayed payment did not arrive, and tell its owner. Never commits."""
    topup = lock_topup(session, ref)
    if topup.status == TopupStatus.PENDING:
        fail(session, topup, PAYMENT_FAILED)
        mails.tell_of_failure(session, topup)


def fail(session: Session, topup: Topup, reason: str) -> None:
    """Let a pending top-up fail; its row is locked. Never commits."""
    topup.status, topup.failure = TopupStatus.FAILED, reason
    session.flush()
    log.info("topup_failed", extra={"topup": topup.ref, "reason": reason})


def is_booked(topup: Topup) -> bool:
    """Whether the top-up's money stands in the wallet."""
    return topup.status in BOOKED


def _keep(topup: Topup, payment: Payment) -> None:
    topup.payment_id = payment.payment_id
    topup.payment_intent_id = payment.payment_intent_id
    topup.receipt_url = payment.receipt_url
    topup.card_brand = payment.card_brand
    topup.card_last4 = payment.card_last4
    topup.checkout_session_id = topup.checkout_session_id or payment.checkout_session_id


def _review(session: Session, topup: Topup, payment: Payment) -> Completed:
    topup.status, topup.failure = TopupStatus.REVIEW, "amount_mismatch"
    session.flush()
    _alarm(session, "topup_mismatch", topup, payment)
    return Completed.REVIEW


def _second_payment(session: Session, topup: Topup, payment: Payment) -> Completed:
    row = {
        "payment_id": payment.payment_id,
        "topup_id": topup.id,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "created_at": clock.now(),
    }
    statement = insert(TopupExtraPayment).values(row).on_conflict_do_nothing().returning(TopupExtraPayment.payment_id)
    if session.execute(statement).scalar_one_or_none():  # each comes by several events and the mirror: told once
        _alarm(session, "topup_paid_twice", topup, payment)
    return Completed.SECOND_PAYMENT


def _alarm(session: Session, event: str, topup: Topup, payment: Payment) -> None:
    facts = {
        "topup": topup.ref,
        "payment": payment.payment_id,
        "asked_minor": topup.amount_minor,
        "paid_minor": payment.amount_minor,
        "currency": payment.currency,
    }
    log.error(event, extra=facts)
    mails.tell_operators_of_payment(session, event, topup, payment.payment_id, payment.amount_minor, payment.currency)
