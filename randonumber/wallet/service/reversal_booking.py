"""The postings of reversals: the user's part of the money, and ours.

A refund is `refund_external` and, when it fails, `refund_fail`; a dispute `dispute_open`, `dispute_won` and, where we
bear a part of it, `dispute_lost`. Each is named by Stripe's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber import jobs, ledger
from randonumber.ledger import Move
from randonumber.ledger.accounts import DISPUTES_HELD, DISPUTES_LOST, STRIPE_BALANCE
from randonumber.reconciliation import MIRROR_SOON
from randonumber.wallet.models import ReversalKind, TopupStatus
from randonumber.wallet.service.standing import giving_back, lock_money, taking

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.wallet.models import Topup, TopupReversal

TAKING: Final = {ReversalKind.REFUND: "refund_external", ReversalKind.DISPUTE: "dispute_open"}
GIVING_BACK: Final = {ReversalKind.REFUND: "refund_fail", ReversalKind.DISPUTE: "dispute_won"}
LOSING: Final = "dispute_lost"

_POSTED: Final = text("""
    SELECT count(*) FROM transactions WHERE kind = :kind AND (ref = :ref OR starts_with(ref, :ref || ':'))
""")


@dataclass(frozen=True, kw_only=True)
class Share:
    """What of a top-up its owner bears, and what is ours, in cents."""

    user_minor: int
    excess_minor: int


def book(session: Session, topup: Topup, row: TopupReversal, before: Share, *, actor: str) -> None:
    """Post what Stripe has just moved for a reversal, by the top-up's new figures. Never commits."""
    by_user = topup.taken_minor - before.user_minor
    by_us = topup.excess_minor - before.excess_minor
    was_lost = min(topup.excess_lost_minor, max(0, -by_us))
    topup.excess_lost_minor -= was_lost  # before anything is flushed: it is never more than the excess
    standing = lock_money(session, topup.user_id)
    kind = ReversalKind(row.kind)
    if by_user + by_us > 0:
        ours = Move(source=DISPUTES_HELD, destination=STRIPE_BALANCE, amount=by_us)
        _post(session, topup, row, TAKING[kind], [*taking(standing, topup, by_user), ours], actor)
        return
    is_pending = topup.status == TopupStatus.PAID
    moves = [
        *giving_back(standing, topup, -by_user, is_pending=is_pending),
        Move(source=STRIPE_BALANCE, destination=DISPUTES_LOST, amount=was_lost),
        Move(source=STRIPE_BALANCE, destination=DISPUTES_HELD, amount=-by_us - was_lost),
    ]
    _post(session, topup, row, GIVING_BACK[kind], moves, actor)


def settle_excess(session: Session, topup: Topup, row: TopupReversal, *, has_open: bool, actor: str) -> None:
    """Book what is ours of a top-up as lost once no dispute of it is open any more. Never commits."""
    amount = topup.excess_minor - topup.excess_lost_minor
    if has_open or not amount:
        return
    topup.excess_lost_minor += amount
    _post(session, topup, row, LOSING, [Move(source=DISPUTES_LOST, destination=DISPUTES_HELD, amount=amount)], actor)


def owed(session: Session, topup: Topup) -> int:
    """Return what the top-up's owner owes in all; locks the accounts. Never commits."""
    return lock_money(session, topup.user_id).owed_minor


def _post(session: Session, topup: Topup, row: TopupReversal, kind: str, moves: list[Move], actor: str) -> None:
    """Post under Stripe's id; what is not the first of its kind for this reversal gets a number behind it."""
    session.flush()
    before = session.execute(_POSTED, {"kind": kind, "ref": row.stripe_id}).scalar_one()
    ledger.post(
        session,
        kind=kind,
        ref=f"{row.stripe_id}:{before + 1}" if before else row.stripe_id,
        entries=[move for move in moves if move.amount],
        actor=actor,
        user_id=topup.user_id,
    )
    jobs.enqueue(session, MIRROR_SOON)
