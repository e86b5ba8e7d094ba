"""What a refund or a dispute does to the credits of a purchase, and what its end gives back.

A purchase keeps how much of its price is given or taken back in force, and how many credits went with it. A forced
reversal takes `floor(credits * reversed in all / paid)` less what was taken before (more where a buyer gave credits
back for less than that), so that a refund and a dispute of one payment never take more than was bought; first what is
left in the purchase's lot, the rest is owed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text

from randonumber.credits.models import (
    BOOKED,
    Dispute,
    DisputeStatus,
    PurchaseStatus,
    Refund,
    RefundOrigin,
    RefundStatus,
)
from randonumber.ledger import Move, accounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase

IN_FORCE: Final = frozenset({RefundStatus.HELD, RefundStatus.PENDING, RefundStatus.SUCCEEDED})
TAKEN: Final = frozenset({DisputeStatus.OPEN, DisputeStatus.LOST})
"""Disputes whose money is gone, for now or for good."""

# Debts come before lots in the order of locks (ledger.posting); the scan that locks reads.
_LOCK: Final = text("""
    SELECT code, kind, balance FROM accounts
     WHERE code = :debt OR lot_ref = :lot_ref
     ORDER BY lot_priority NULLS FIRST, expires_at NULLS LAST, id
       FOR NO KEY UPDATE
""")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What of a purchase's credits is left in its lot, and what its buyer owes in all; both are locked."""

    lot_code: str
    debt_code: str
    left: int
    owed: int


def lock_credits(session: Session, purchase: Purchase) -> Standing:
    """Lock the debt of the buyer and the lot of a booked purchase, and return what stands there. Never commits."""
    debt = accounts.credit_debt(purchase.user_id)
    rows = session.execute(_LOCK, {"debt": debt, "lot_ref": purchase.lot_ref}).all()
    by_kind = {row.kind: row for row in rows}
    return Standing(
        lot_code=by_kind["lot"].code, debt_code=debt, left=by_kind["lot"].balance, owed=-by_kind["debt"].balance
    )


def due(purchase: Purchase) -> int:
    """Return the credits that go with what is reversed of the purchase's price, by proportion, rounded down."""
    return purchase.credits * _reversed_minor(purchase) // purchase.amount_minor


def _reversed_minor(purchase: Purchase) -> int:
    return min(purchase.amount_minor, purchase.refunded_minor + purchase.disputed_minor)


def taking(standing: Standing, credits_: int) -> list[Move]:
    """Return the moves that take credits: from the lot as far as it goes, the rest as a debt."""
    from_lot = min(standing.left, credits_)
    moves = [
        Move(source=standing.lot_code, destination=accounts.CREDITS_REVOKED, amount=from_lot),
        Move(source=standing.debt_code, destination=accounts.CREDITS_REVOKED, amount=credits_ - from_lot),
    ]
    return [move for move in moves if move.amount]


def giving_back(standing: Standing, credits_: int) -> list[Move]:
    """Return the moves that give credits back: to what is owed as far as it goes, the rest into the lot."""
    repaid = min(standing.owed, credits_)
    moves = [
        Move(source=accounts.CREDITS_REVOKED, destination=standing.debt_code, amount=repaid),
        Move(source=accounts.CREDITS_REVOKED, destination=standing.lot_code, amount=credits_ - repaid),
    ]
    return [move for move in moves if move.amount]


def to_take(session: Session, purchase: Purchase) -> int:
    """Return how many credits a forced reversal takes that is counted in the purchase's figures already."""
    return max(0, _gone(session, purchase) - purchase.revoked_credits)


def to_give_back(session: Session, purchase: Purchase) -> int:
    """Return how many credits come back with a reversal that is not counted in the purchase's figures any more.

    The row of the reversal that ended must be flushed with its new status.
    """
    return max(0, purchase.revoked_credits - _gone(session, purchase))


def _gone(session: Session, purchase: Purchase) -> int:
    """Return the credits that go with what is reversed: by proportion of all of it, rounded down.

    Where the buyer has given credits back for less, those, and what goes with the rest. It follows from what is in
    force alone, so that whatever came and went, in whatever order, leaves no trace.
    """
    asked = select(func.coalesce(func.sum(Refund.amount_minor), 0), func.coalesce(func.sum(Refund.credits), 0)).where(
        Refund.purchase_id == purchase.id, Refund.origin == RefundOrigin.BUYER, Refund.status.in_(IN_FORCE)
    )
    asked_minor, given_credits = session.execute(asked).one()
    forced_minor = max(0, _reversed_minor(purchase) - int(asked_minor))
    together = int(given_credits) + purchase.credits * forced_minor // purchase.amount_minor
    return max(due(purchase), min(together, purchase.credits))


def restate(session: Session, purchase: Purchase) -> None:
    """Let the status of a booked purchase say what its refunds and disputes come to. Never commits."""
    if purchase.status not in BOOKED:
        return
    taken = select(Dispute.id).where(Dispute.purchase_id == purchase.id, Dispute.status.in_(TAKEN)).limit(1)
    if session.execute(taken).scalar_one_or_none() is not None:
        purchase.status = PurchaseStatus.DISPUTED
    elif purchase.refunded_minor == purchase.amount_minor:
        purchase.status = PurchaseStatus.REFUNDED
    elif purchase.refunded_minor:
        purchase.status = PurchaseStatus.PARTLY_REFUNDED
    else:
        purchase.status = PurchaseStatus.PAID
