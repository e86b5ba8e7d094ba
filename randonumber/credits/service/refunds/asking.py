"""Asking for a refund: its buyer for what is unspent, an operator for any part of what was paid.

One transaction decides, sets the money aside, takes the credits and plans the call; then Stripe is asked. So money is
never on its way back while its credits can be spent, and a process that dies leaves nothing undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import calls, clock, ids
from randonumber.credits import refund_mails
from randonumber.credits.models import BOOKED, Purchase, PurchaseMethod, PurchaseStatus, Refund, RefundStatus
from randonumber.credits.models import RefundOrigin as Origin
from randonumber.credits.queries import get_purchase
from randonumber.credits.service import customers
from randonumber.credits.service.refunds import booking, settling
from randonumber.credits.service.refunds.offering import NotRefundable, offer
from randonumber.credits.service.reversing import lock_credits, restate
from randonumber.credits.service.sessions import lock_purchase
from randonumber.database import transaction
from randonumber.errors import InvalidRequest, NotFound, Refused
from randonumber.money import format_money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.hooks import Person
    from randonumber.ledger import Move


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A refund and where it is; `failure` says why Stripe refused it. Amounts in cents."""

    ref: str
    status: RefundStatus
    amount_minor: int
    credits: int
    failure: str | None


def refund_for_buyer(buyer: Person, purchase_ref: str, form_ref: str) -> Asked:
    """Give the buyer's unspent credits of a purchase back for what they are worth. Calls the network.

    The same form sent again is the same refund. Never raises for what Stripe does: a refund that Stripe does not answer
    about stays held and goes on by itself. Raises NotFound for somebody else's purchase, NotRefundable with reasons.
    """
    ref = _hold_for_buyer(buyer, purchase_ref, form_ref)
    return _drive(ref)


def refund_for_operator(
    purchase_ref: str, amount_minor: int | None, *, reason: str, actor: str, is_dry_run: bool = False
) -> Asked:
    """Give back a part of what was paid, or all that is left of it, with the credits that go with it by proportion.

    No window and no number bind an operator. Credits that are spent become a debt. With `is_dry_run` nothing stays and
    Stripe is not asked; else calls the network. Raises NotFound, InvalidRequest, Refused.
    """
    with transaction() as session:
        purchase = _lock_to_refund(session, purchase_ref)
        amount_minor = _amount(purchase, amount_minor)
        if not reason.strip():
            message = "Give a reason: it stands in the ledger for good."
            raise InvalidRequest(message)
        refund = _new(purchase, Origin.OPERATOR, amount_minor, actor, reason=reason)
        session.add(refund)
        if purchase.method == PurchaseMethod.WALLET:
            booking.lock_wallet(session, purchase.user_id)
        taken = booking.take_by_share(session, purchase, refund)
        _send(session, purchase, refund, taken)
        asked = _asked(refund)
        if is_dry_run:
            session.rollback()
            return asked
    return _drive(asked.ref)


def _hold_for_buyer(buyer: Person, purchase_ref: str, form_ref: str) -> str:
    with transaction() as session:
        get_purchase(session, buyer.user_id, purchase_ref)  # a stranger takes no lock
        customers.lock_customer(session, buyer.user_id)  # one refund of a buyer at a time: they are counted
        purchase = lock_purchase(session, purchase_ref)
        query = select(Refund).where(Refund.user_id == buyer.user_id, Refund.form_ref == form_ref)
        if (stands := session.execute(query).scalar_one_or_none()) is not None:
            return _of_form(stands, purchase)
        if purchase.method == PurchaseMethod.WALLET:
            booking.lock_wallet(session, purchase.user_id)
        standing = lock_credits(session, purchase) if purchase.status in BOOKED else None
        offered = offer(session, purchase)
        if offered.reasons or standing is None:
            raise NotRefundable(offered.reasons)
        refund = _new(purchase, Origin.BUYER, offered.amount_minor, f"user:{buyer.ref}", form_ref=form_ref)
        session.add(refund)
        taken = booking.take_unspent(session, purchase, refund, standing)
        _send(session, purchase, refund, taken)
        return refund.ref


def _of_form(stands: Refund, purchase: Purchase) -> str:
    if stands.purchase_id != purchase.id:
        message = "This form has made its refund already. Please open the purchase again."
        raise InvalidRequest(message, errors=[{"field": "form_ref", "message": message}])
    return stands.ref


def _lock_to_refund(session: Session, purchase_ref: str) -> Purchase:
    """Return the purchase, locked, when an operator may give some of it back. Raises NotFound, Refused."""
    if session.scalar(select(Purchase.id).where(Purchase.ref == purchase_ref)) is None:
        message = f"There is no purchase {purchase_ref}."
        raise NotFound(message)
    purchase = lock_purchase(session, purchase_ref)
    if purchase.status == PurchaseStatus.DISPUTED:
        message = "The payment is disputed: Stripe refuses refunds of what its bank has taken back (charge_disputed)."
        raise Refused(message)
    if purchase.status not in BOOKED:
        message = f"The purchase is {purchase.status}: there is no booked payment to give back."
        raise Refused(message)
    return purchase


def _amount(purchase: Purchase, asked_minor: int | None) -> int:
    """Return what to give back, in cents: never more in all than was paid. Raises Refused, InvalidRequest."""
    left_minor = purchase.amount_minor - purchase.refunded_minor
    if left_minor == 0:
        message = "All that was paid for it was given back already."
        raise Refused(message)
    if asked_minor is None:
        return left_minor
    if not 1 <= asked_minor <= left_minor:
        message = f"Give an amount from $0.01 to {format_money(left_minor, purchase.currency)}: so much is left of it."
        raise InvalidRequest(message)
    return asked_minor


def _new(
    purchase: Purchase,
    origin: Origin,
    amount_minor: int,
    actor: str,
    *,
    form_ref: str | None = None,
    reason: str | None = None,
) -> Refund:
    return Refund(
        ref=ids.new_ref("rfd"),
        purchase_id=purchase.id,
        user_id=purchase.user_id,
        origin=origin,
        form_ref=form_ref,
        amount_minor=amount_minor,
        currency=purchase.currency,
        credits=0,
        status=RefundStatus.HELD,
        is_booked=False,
        reason=reason,
        actor=actor,
        created_at=clock.now(),
    )


def _send(session: Session, purchase: Purchase, refund: Refund, credits_taken: list[Move]) -> None:
    """Set the money aside and plan the call; what was paid from the wallet goes back into it at once."""
    if purchase.method != PurchaseMethod.WALLET:
        booking.hold(session, purchase, refund, credits_taken, actor=refund.actor)
        settling.plan(session, purchase, refund)
        return
    back = booking.into_wallet(session, refund)
    booking.post(session, refund, booking.WALLET, refund.ref, [*back, *credits_taken], actor=refund.actor)
    refund.status, refund.is_booked, refund.closed_at = RefundStatus.SUCCEEDED, True, clock.now()
    restate(session, purchase)
    refund_mails.tell_of_refund(session, purchase, refund)


def _drive(ref: str) -> Asked:
    """Ask Stripe for a refund that waits for its answer, and return where it is. Calls the network."""
    call_id = _get(ref).call_id
    if call_id is not None:
        calls.drive(call_id)
    return _asked(_get(ref))


def _get(ref: str) -> Refund:
    with transaction() as session:
        return session.execute(select(Refund).where(Refund.ref == ref)).scalar_one()


def _asked(refund: Refund) -> Asked:
    return Asked(
        ref=refund.ref,
        status=RefundStatus(refund.status),
        amount_minor=refund.amount_minor,
        credits=refund.credits,
        failure=refund.failure,
    )
