"""What Stripe's word about a payment does to a purchase: completed, failed, expired, or put aside for an operator.

The webhook, the return page, the sweep and reconciliation all end here, in any order and as often as they like: the
purchase's row is locked, and what it says decides.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, jobs, ledger
from randonumber.credits import mails
from randonumber.credits.models import BOOKED, ExtraPayment, Purchase, PurchaseStatus
from randonumber.credits.service.lots import issue
from randonumber.credits.service.sessions import lock_purchase
from randonumber.ledger import LotPriority, LotSource, Move, accounts
from randonumber.payments.paid import Completed
from randonumber.reconciliation import MIRROR_SOON

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.payments.paid import Payment

log = logging.getLogger(__name__)
POSTING: Final = "purchase"
LEVEL_CARDS: Final = "credits.level_cards"


def complete_purchase(session: Session, ref: str, payment: Payment, *, actor: str) -> Completed:
    """Book a paid purchase: its posting, its lot, its receipt. Never commits; safe to call again, and at once.

    A payment of another amount or currency than was asked for puts the purchase aside for review, and its money to
    `unmatched` once the mirror brings it; so does a second payment for a purchase that is paid.
    """
    purchase = lock_purchase(session, ref)
    if purchase.payment_id == payment.payment_id:
        return Completed.REVIEW if purchase.status == PurchaseStatus.REVIEW else Completed.ALREADY
    if purchase.payment_id is not None or purchase.status in BOOKED:
        return _second_payment(session, purchase, payment)
    _keep(purchase, payment)
    if (payment.amount_minor, payment.currency) != (purchase.amount_minor, purchase.currency):
        return _review(session, purchase, payment)
    book(session, purchase, source=accounts.STRIPE_BALANCE, paid_at=payment.paid_at, actor=actor)
    jobs.enqueue(session, MIRROR_SOON)
    if purchase.saves_card:
        jobs.enqueue(session, LEVEL_CARDS, user_id=purchase.user_id)
    return Completed.BOOKED


def book(session: Session, purchase: Purchase, *, source: str, paid_at: datetime, actor: str) -> None:
    """Book a purchase whose money came from the account `source`: its posting, its lot, its receipt. Never commits.

    The caller holds the purchase and has seen that it is not booked.
    """
    paid = Move(source=source, destination=accounts.SALES, amount=purchase.amount_minor)
    issued = issue(
        session,
        user_id=purchase.user_id,
        source=LotSource.PURCHASE,
        source_ref=purchase.ref,
        credits_=purchase.credits,
        unit_price_minor=purchase.unit_price_minor,
        priority=LotPriority.PAID,
    )
    purchase.lot_ref, purchase.paid_at = issued.lot_ref, paid_at
    purchase.status, purchase.failure = PurchaseStatus.PAID, None
    ledger.post(
        session,
        kind=POSTING,
        ref=purchase.ref,
        entries=[paid, *issued.moves],
        actor=actor,
        user_id=purchase.user_id,
        event_at=paid_at,
    )
    mails.send_receipt(session, purchase, repaid=issued.repaid)
    facts = {"purchase": purchase.ref, "method": purchase.method, "payment": purchase.payment_id, "actor": actor}
    log.info("purchase_paid", extra=facts)


def expire_purchase(session: Session, ref: str) -> None:
    """Let a purchase expire that nobody can pay any more. Never commits; anything but pending stays as it is."""
    _end(session, ref, PurchaseStatus.EXPIRED, None)


def fail(session: Session, ref: str, reason: str) -> None:
    """Let a purchase fail whose payment failed for good. Never commits; anything but pending stays as it is."""
    _end(session, ref, PurchaseStatus.FAILED, reason)


def _end(session: Session, ref: str, status: PurchaseStatus, reason: str | None) -> None:
    purchase = lock_purchase(session, ref)
    if purchase.status == PurchaseStatus.PENDING:
        purchase.status, purchase.failure = status, reason
        log.info("purchase_ended", extra={"purchase": ref, "status": status, "reason": reason})


def _keep(purchase: Purchase, payment: Payment) -> None:
    purchase.payment_id = payment.payment_id
    purchase.payment_intent_id = payment.payment_intent_id
    purchase.payer_id = payment.payer_id
    purchase.receipt_url = payment.receipt_url
    purchase.card_brand = payment.card_brand
    purchase.card_last4 = payment.card_last4
    purchase.checkout_session_id = purchase.checkout_session_id or payment.checkout_session_id


def _review(session: Session, purchase: Purchase, payment: Payment) -> Completed:
    purchase.status, purchase.failure = PurchaseStatus.REVIEW, "amount_mismatch"
    _alarm(session, "purchase_mismatch", purchase, payment)
    jobs.enqueue(session, MIRROR_SOON)
    return Completed.REVIEW


def _second_payment(session: Session, purchase: Purchase, payment: Payment) -> Completed:
    row = {
        "payment_id": payment.payment_id,
        "purchase_id": purchase.id,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "created_at": clock.now(),
    }
    statement = insert(ExtraPayment).values(row).on_conflict_do_nothing().returning(ExtraPayment.payment_id)
    if session.execute(statement).scalar_one_or_none():  # each comes by several events and the mirror: told once
        _alarm(session, "purchase_paid_twice", purchase, payment)
    return Completed.SECOND_PAYMENT


def _alarm(session: Session, event: str, purchase: Purchase, payment: Payment) -> None:
    facts = {
        "purchase": purchase.ref,
        "payment": payment.payment_id,
        "asked_minor": purchase.amount_minor,
        "paid_minor": payment.amount_minor,
        "currency": payment.currency,
    }
    log.error(event, extra=facts)
    mails.tell_operators(session, event, purchase, payment.payment_id, payment.amount_minor, payment.currency)
