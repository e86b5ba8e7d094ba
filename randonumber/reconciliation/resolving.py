"""What becomes of a row that was booked to `unmatched`: a person says what it was, or its owner turns up late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber import ledger
from randonumber.ledger import Move
from randonumber.ledger.accounts import BANK, OPENING, SALES, STRIPE_BALANCE, STRIPE_FEES, UNMATCHED
from randonumber.reconciliation import booking

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from randonumber.reconciliation.claims import Claim
    from randonumber.stripe_gateway import BalanceTransaction

KINDS: Final = {"bank": BANK, "fees": STRIPE_FEES, "opening": OPENING, "sales": SALES}
"""What an unmatched row may have been, and the account where it then stands."""


class NotUnmatched(RuntimeError):
    """There is no row of this id that waits to be resolved."""


_FIND = text("""
    SELECT id, amount, unmatched_id FROM balance_transactions
     WHERE id = :id AND unmatched_id IS NOT NULL AND resolution_id IS NULL
""")
_RESOLVE = text("""
    UPDATE balance_transactions SET resolution_id = :resolution_id, claimed_id = :claimed_id WHERE id = :id
""")


def resolve(session: Session, txn_id: str, kind: str, *, reason: str, actor: str) -> None:
    """Move an unmatched row to the account of `kind` (see KINDS). Never commits.

    Raises NotUnmatched when no such row waits.
    """
    row = _waiting(session, txn_id)
    resolution_id = _move_on(session, row, KINDS[kind], reason=reason, actor=actor)
    session.execute(_RESOLVE, {"id": row.id, "resolution_id": resolution_id, "claimed_id": None})


def match_late(session: Session, txn: BalanceTransaction, claim: Claim, *, actor: str) -> bool:
    """Link an unmatched row with the posting that claims it by now, and undo its booking. Never commits.

    Returns False when nobody claims it yet, or somebody resolved it meanwhile.
    """
    booking.lock(session, txn.id)
    row = session.execute(_FIND, {"id": txn.id}).one_or_none()
    claimed_id = booking.find_claimed(session, txn, claim) if row else None
    if row is None or claimed_id is None:
        return False
    resolution_id = _move_on(session, row, STRIPE_BALANCE, reason="claimed late", actor=actor)
    session.execute(_RESOLVE, {"id": row.id, "resolution_id": resolution_id, "claimed_id": claimed_id})
    return True


def _waiting(session: Session, txn_id: str) -> Row[Any]:
    booking.lock(session, txn_id)
    row = session.execute(_FIND, {"id": txn_id}).one_or_none()
    if row is None:
        raise NotUnmatched(txn_id)
    return row


def _move_on(session: Session, row: Row[Any], account: str, *, reason: str, actor: str) -> int:
    """Post the row's amount from `unmatched` to `account`; the other way round when money had left Stripe."""
    source, destination = (UNMATCHED, account) if row.amount > 0 else (account, UNMATCHED)
    return ledger.post(
        session,
        kind="resolve",
        ref=row.id,
        entries=[Move(source=source, destination=destination, amount=abs(row.amount))],
        actor=actor,
        reason=reason,
        reverses_id=row.unmatched_id,
    ).transaction_id
