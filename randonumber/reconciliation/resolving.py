"""What becomes of a row that was booked to `unmatched`: a person says what it was, or its owner turns up late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber import ledger
from randonumber.ledger import Move, accounts
from randonumber.ledger.accounts import (
    BANK,
    OPENING,
    SALES,
    STRIPE_BALANCE,
    STRIPE_FEES,
    STRIPE_HELD,
    STRIPE_OTHER,
    STRIPE_RESERVE,
    UNMATCHED,
)
from randonumber.reconciliation import booking

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from randonumber.reconciliation.claims import Claim
    from randonumber.stripe_gateway import BalanceTransaction

KINDS: Final = {
    "bank": BANK,
    "fees": STRIPE_FEES,
    "held": STRIPE_HELD,
    "opening": OPENING,
    "other": STRIPE_OTHER,
    "reserve": STRIPE_RESERVE,
    "sales": SALES,
}
"""What an unmatched row may have been, and the account where it then stands (docs/operations.md says which when)."""
WALLET: Final = "wallet"
"""Money of one user: a payment that was meant for the wallet, or a transfer that went out of it."""


class NotUnmatched(RuntimeError):
    """There is no row of this id that waits to be resolved."""


class NoSuchUser(LookupError):
    """Nobody has this address or ref."""


_FIND = text("""
    SELECT id, amount, unmatched_id FROM balance_transactions
     WHERE id = :id AND unmatched_id IS NOT NULL AND resolution_id IS NULL
""")
_USER = text("SELECT id FROM users WHERE ref = :user OR email = lower(:user)")
_RESOLVE = text("""
    UPDATE balance_transactions SET resolution_id = :resolution_id, claimed_id = :claimed_id WHERE id = :id
""")


def resolve(session: Session, txn_id: str, kind: str, *, reason: str, actor: str, user: str | None = None) -> None:
    """Move an unmatched row to the account of `kind` (see KINDS), or to the wallet of `user`. Never commits.

    Raises NotUnmatched when no such row waits, NoSuchUser.
    """
    row = _waiting(session, txn_id)
    user_id = _user_id(session, user) if kind == WALLET else None
    moves = _to_account(row, KINDS[kind]) if user_id is None else _to_user(session, row, user_id)
    resolution_id = _move_on(session, row, moves, user_id=user_id, reason=reason, actor=actor)
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
    moves = _to_account(row, STRIPE_BALANCE)
    resolution_id = _move_on(session, row, moves, user_id=None, reason="claimed late", actor=actor)
    session.execute(_RESOLVE, {"id": row.id, "resolution_id": resolution_id, "claimed_id": claimed_id})
    return True


def _waiting(session: Session, txn_id: str) -> Row[Any]:
    booking.lock(session, txn_id)
    row = session.execute(_FIND, {"id": txn_id}).one_or_none()
    if row is None:
        raise NotUnmatched(txn_id)
    return row


def _user_id(session: Session, user: str | None) -> int:
    found: int | None = session.execute(_USER, {"user": user}).scalar()
    if found is None:
        raise NoSuchUser(user)
    return found


def _to_account(row: Row[Any], account: str) -> list[Move]:
    """Return the move of the row's amount from `unmatched`; the other way round when money had left Stripe."""
    source, destination = (UNMATCHED, account) if row.amount > 0 else (account, UNMATCHED)
    return [Move(source=source, destination=destination, amount=abs(row.amount))]


def _to_user(session: Session, row: Row[Any], user_id: int) -> list[Move]:
    """Return the moves to a wallet, or out of it: what comes repays what is owed first, what is missing is owed."""
    wallet, debt = accounts.wallet(user_id), accounts.money_debt(user_id)
    stands = ledger.lock_balances(session, wallet, debt)
    if row.amount > 0:
        moves = {(UNMATCHED, wallet): row.amount, (wallet, debt): min(-stands[debt], row.amount)}
    else:
        there = min(stands[wallet], -row.amount)
        moves = {(wallet, UNMATCHED): there, (debt, UNMATCHED): -row.amount - there}
    return [Move(source=pair[0], destination=pair[1], amount=amount) for pair, amount in moves.items() if amount]


def _move_on(
    session: Session, row: Row[Any], moves: list[Move], *, user_id: int | None, reason: str, actor: str
) -> int:
    return ledger.post(
        session,
        kind="resolve",
        ref=row.id,
        entries=moves,
        actor=actor,
        user_id=user_id,
        reason=reason,
        reverses_id=row.unmatched_id,
    ).transaction_id
