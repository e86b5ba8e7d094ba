"""Following what Stripe shows of a refund: one that was asked for here, or made in Stripe's dashboard.

A refund only goes forward: held, pending, succeeded; and from each of them it may fail, which is for good. So an older
reading that comes late changes nothing. https://docs.stripe.com/refunds#failed-refunds
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import clock, ids
from randonumber.credits import refund_mails
from randonumber.credits.models import BOOKED, Refund, RefundOrigin, RefundStatus
from randonumber.credits.service.refunds import booking
from randonumber.credits.service.reversing import restate
from randonumber.credits.service.sessions import lock_purchase
from randonumber.ledger import accounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase
    from randonumber.stripe_gateway import Refund as Shown

CAME_BACK: Final = frozenset({"failed", "canceled"})
ENDED: Final = frozenset({RefundStatus.FAILED, RefundStatus.REFUSED})


def bring_level(session: Session, ref: str, refund: Shown, *, actor: str) -> None:
    """Book what Stripe shows of a refund of the purchase `ref`. Never commits; safe to call again.

    A purchase that holds no money of this charge (in review, or the charge was a second payment) is left alone: that
    money stands in `unmatched`, and so does what is given back of it.
    """
    purchase = lock_purchase(session, ref)
    if purchase.status not in BOOKED or purchase.payment_id != refund.charge_id:
        return
    if refund.currency != purchase.currency:
        return
    known = _find(session, purchase, refund)
    if known is None:
        _write_down(session, purchase, refund, actor)
    else:
        follow(session, purchase, known, refund, actor=actor)


def follow(session: Session, purchase: Purchase, refund: Refund, shown: Shown, *, actor: str) -> None:
    """Bring a refund that is known here level with Stripe; its purchase is locked. Never commits."""
    if refund.status in ENDED:
        return
    is_new = refund.status == RefundStatus.HELD
    refund.stripe_refund_id = shown.id
    if shown.balance_transaction_id is not None and not refund.is_booked:
        booking.settle(session, refund, actor=actor, at=shown.created_at)
    if shown.status in CAME_BACK:
        reason = shown.failure_reason or shown.status
        booking.undo(session, purchase, refund, RefundStatus.FAILED, reason, actor=actor)
        return
    if shown.status == "succeeded" and refund.is_booked:
        refund.status, refund.closed_at = RefundStatus.SUCCEEDED, refund.closed_at or clock.now()
    elif is_new:
        refund.status = RefundStatus.PENDING
    if is_new:
        refund_mails.tell_of_refund(session, purchase, refund)


def _find(session: Session, purchase: Purchase, shown: Shown) -> Refund | None:
    """Return the row of a refund: by its id, or by the ref that we have given it, when Stripe tells before it answers.

    Whoever makes refunds in the dashboard may write metadata too, so the rest has to fit.
    """
    of_purchase = select(Refund).where(Refund.purchase_id == purchase.id).execution_options(populate_existing=True)
    by_id = session.execute(of_purchase.where(Refund.stripe_refund_id == shown.id)).scalar_one_or_none()
    if by_id is not None:
        return by_id
    ours = of_purchase.where(
        Refund.ref == shown.metadata.get("ref", ""),
        Refund.stripe_refund_id.is_(None),
        Refund.amount_minor == shown.amount,
        Refund.status != RefundStatus.REFUSED,
    )
    return session.execute(ours).scalar_one_or_none()


def _write_down(session: Session, purchase: Purchase, shown: Shown, actor: str) -> None:
    """Keep a refund that was made in Stripe's dashboard, and take the credits that go with it."""
    refund = _row(purchase, shown, actor)
    session.add(refund)
    if shown.status in CAME_BACK:
        _book_both_ways(session, refund, shown, actor)
        return
    if shown.balance_transaction_id is None:  # asked for, and not out yet: as if it had been asked for here
        booking.hold(session, purchase, refund, booking.take_by_share(session, purchase, refund), actor=actor)
        follow(session, purchase, refund, shown, actor=actor)
        return
    refund.is_booked = True
    refund.status = RefundStatus.SUCCEEDED if shown.status == "succeeded" else RefundStatus.PENDING
    refund.closed_at = clock.now() if refund.status == RefundStatus.SUCCEEDED else None
    credits_taken = booking.take_by_share(session, purchase, refund)
    moves = [booking.money(refund, accounts.SALES, accounts.STRIPE_BALANCE), *credits_taken]
    booking.post(session, refund, booking.EXTERNAL, shown.id, moves, actor=actor, at=shown.created_at)
    restate(session, purchase)
    refund_mails.tell_of_refund(session, purchase, refund)


def _row(purchase: Purchase, shown: Shown, actor: str) -> Refund:
    return Refund(
        ref=ids.new_ref("rfd"),
        purchase_id=purchase.id,
        user_id=purchase.user_id,
        origin=RefundOrigin.STRIPE,
        amount_minor=shown.amount,
        currency=shown.currency,
        credits=0,
        status=RefundStatus.HELD,
        is_booked=False,
        actor=actor,
        stripe_refund_id=shown.id,
        created_at=shown.created_at,
    )


def _book_both_ways(session: Session, refund: Refund, shown: Shown, actor: str) -> None:
    """Book a refund of which we hear only when it has failed: the money went and came, the credits stayed."""
    refund.status, refund.failure = RefundStatus.FAILED, shown.failure_reason or shown.status
    refund.closed_at = clock.now()
    if shown.balance_transaction_id is None:
        return
    refund.is_booked = True
    session.flush()
    gone = booking.money(refund, accounts.SALES, accounts.STRIPE_BALANCE)
    back = booking.money(refund, accounts.STRIPE_BALANCE, accounts.SALES)
    booking.post(session, refund, booking.EXTERNAL, shown.id, [gone], actor=actor, at=shown.created_at)
    booking.post(session, refund, booking.FAIL, shown.id, [back], actor=actor)
