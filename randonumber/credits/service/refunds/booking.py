"""The postings of refunds, and what each does to its purchase. The purchase is locked by whoever calls; never commits.

What is in force of a purchase's refunds is counted from their rows each time, so that no order in which they come and
go leaves a trace. A refund made here and one made in Stripe's dashboard may exceed the price together until Stripe
refuses one of them; no more than the price counts.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text

from randonumber import clock, jobs, ledger
from randonumber.credits import refund_mails
from randonumber.credits.models import Refund, RefundStatus
from randonumber.credits.service.reversing import (
    IN_FORCE,
    Standing,
    giving_back,
    lock_credits,
    restate,
    taking,
    to_give_back,
    to_take,
)
from randonumber.ledger import Move, accounts
from randonumber.reconciliation import MIRROR_SOON

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase

log = logging.getLogger(__name__)
HOLD: Final = "refund_hold"
SETTLE: Final = "refund_settle"
RELEASE: Final = "refund_release"
FAIL: Final = "refund_fail"
EXTERNAL: Final = "refund_external"
WALLET: Final = "refund_wallet"

_POSTED: Final = text("SELECT id FROM transactions WHERE kind = ANY (:kinds) AND ref = ANY (:refs)")
_REVERSES: Final = {RELEASE: (HOLD,), FAIL: (SETTLE, EXTERNAL)}


def lock_wallet(session: Session, user_id: int) -> int:
    """Lock a user's wallet and money debt, and return what is owed: both come before credits in the order of locks."""
    debt = accounts.money_debt(user_id)
    return -ledger.lock_balances(session, accounts.wallet(user_id), debt)[debt]


def into_wallet(session: Session, refund: Refund) -> list[Move]:
    """Return the moves that bring a refund back into the wallet: it repays what is owed in money first."""
    wallet, repaid = accounts.wallet(refund.user_id), min(lock_wallet(session, refund.user_id), refund.amount_minor)
    moves = [money(refund, accounts.SALES, wallet)]
    if repaid:
        moves.append(Move(source=wallet, destination=accounts.money_debt(refund.user_id), amount=repaid))
    return moves


def recount(session: Session, purchase: Purchase) -> None:
    """Let the purchase say what of its price is refunded in force, from the rows of its refunds."""
    session.flush()
    total = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.purchase_id == purchase.id, Refund.status.in_(IN_FORCE)
    )
    purchase.refunded_minor = min(purchase.amount_minor, int(session.execute(total).scalar_one()))


def take_by_share(session: Session, purchase: Purchase, refund: Refund) -> list[Move]:
    """Count a new refund and take the credits that go with its amount by proportion; return the moves."""
    standing = lock_credits(session, purchase)
    recount(session, purchase)
    return _take(purchase, refund, standing, to_take(session, purchase))


def take_unspent(session: Session, purchase: Purchase, refund: Refund, standing: Standing) -> list[Move]:
    """Count a buyer's refund and take every credit that is left of the purchase; return the moves."""
    recount(session, purchase)
    return _take(purchase, refund, standing, standing.left)


def _take(purchase: Purchase, refund: Refund, standing: Standing, credits_: int) -> list[Move]:
    refund.credits = credits_
    purchase.revoked_credits += credits_
    return taking(standing, credits_)


def post(
    session: Session, refund: Refund, kind: str, ref: str, moves: list[Move], *, actor: str, at: datetime | None = None
) -> None:
    """Post one fact of a refund."""
    ledger.post(
        session,
        kind=kind,
        ref=ref,
        entries=moves,
        actor=actor,
        user_id=refund.user_id,
        reverses_id=_reversed_id(session, refund, kind),
        reason=refund.reason,
        event_at=at,
    )
    if any(accounts.STRIPE_BALANCE in {move.source, move.destination} for move in moves):
        jobs.enqueue(session, MIRROR_SOON)


def money(refund: Refund, source: str, destination: str) -> Move:
    """Return the move of the refund's whole amount."""
    return Move(source=source, destination=destination, amount=refund.amount_minor)


def hold(session: Session, purchase: Purchase, refund: Refund, credits_taken: list[Move], *, actor: str) -> None:
    """Set the money of a refund aside, and take its credits."""
    aside = money(refund, accounts.SALES, accounts.REFUNDS_IN_TRANSIT)
    post(session, refund, HOLD, refund.ref, [aside, *credits_taken], actor=actor)
    restate(session, purchase)


def settle(session: Session, refund: Refund, *, actor: str, at: datetime) -> None:
    """Book that the money which was set aside has left Stripe's balance."""
    gone = money(refund, accounts.REFUNDS_IN_TRANSIT, accounts.STRIPE_BALANCE)
    post(session, refund, SETTLE, refund.ref, [gone], actor=actor, at=at)
    refund.is_booked = True


def undo(
    session: Session, purchase: Purchase, refund: Refund, status: RefundStatus, failure: str | None, *, actor: str
) -> None:
    """End a refund without effect: its money back to the sales, its credits to the buyer, and tell both sides of it."""
    standing = lock_credits(session, purchase)
    refund.status, refund.failure, refund.closed_at = status, failure, clock.now()
    recount(session, purchase)
    back = to_give_back(session, purchase)
    if refund.is_booked:
        kind, ref, source = FAIL, refund.stripe_refund_id or refund.ref, accounts.STRIPE_BALANCE
    else:
        kind, ref, source = RELEASE, refund.ref, accounts.REFUNDS_IN_TRANSIT
    moves = [money(refund, source, accounts.SALES), *giving_back(standing, back)]
    post(session, refund, kind, ref, moves, actor=actor)
    purchase.revoked_credits -= back
    restate(session, purchase)
    is_failed = status == RefundStatus.FAILED  # Stripe had taken it, and the buyer was told that money comes
    facts = {"refund": refund.ref, "purchase": purchase.ref, "failure": failure}
    log.log(logging.ERROR if is_failed else logging.WARNING, "refund_ended", extra={**facts, "status": status})
    refund_mails.tell_of_failure(session, purchase, refund, given_back=back)


def _reversed_id(session: Session, refund: Refund, kind: str) -> int | None:
    """Return the posting that one of this kind takes back."""
    names = {"kinds": list(_REVERSES.get(kind, ())), "refs": [refund.ref, refund.stripe_refund_id]}
    return session.execute(_POSTED, names).scalar_one_or_none() if names["kinds"] else None
