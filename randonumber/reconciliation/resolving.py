"""What becomes of a row that was booked to `unmatched`: a person says what it was, or its owner turns up late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber import ledger
from randonumber.ledger import Move, Overdrawn, accounts
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


class WalletTooSmall(RuntimeError):
    """More money left Stripe than the user's wallet holds. The database transaction is lost."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The account that a row goes to, and whose it is."""

    account: str
    user_id: int | None = None


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

    Raises NotUnmatched when no such row waits, NoSuchUser, WalletTooSmall.
    """
    row = _waiting(session, txn_id)
    place = _place(session, kind, user)
    try:
        resolution_id = _move_on(session, row, place, reason=reason, actor=actor)
    except Overdrawn as error:
        raise WalletTooSmall(user) from error
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
    resolution_id = _move_on(session, row, Place(account=STRIPE_BALANCE), reason="claimed late", actor=actor)
    session.execute(_RESOLVE, {"id": row.id, "resolution_id": resolution_id, "claimed_id": claimed_id})
    return True


def _waiting(session: Session, txn_id: str) -> Row[Any]:
    booking.lock(session, txn_id)
    row = session.execute(_FIND, {"id": txn_id}).one_or_none()
    if row is None:
        raise NotUnmatched(txn_id)
    return row


def _place(session: Session, kind: str, user: str | None) -> Place:
    if kind != WALLET:
        return Place(account=KINDS[kind])
    user_id = session.execute(_USER, {"user": user}).scalar()
    if user_id is None:
        raise NoSuchUser(user)
    return Place(account=accounts.wallet(user_id), user_id=user_id)


def _move_on(session: Session, row: Row[Any], place: Place, *, reason: str, actor: str) -> int:
    """Post the row's amount from `unmatched` to its place; the other way round when money had left Stripe."""
    source, destination = (UNMATCHED, place.account) if row.amount > 0 else (place.account, UNMATCHED)
    return ledger.post(
        session,
        kind="resolve",
        ref=row.id,
        entries=[Move(source=source, destination=destination, amount=abs(row.amount))],
        actor=actor,
        user_id=place.user_id,
        reason=reason,
        reverses_id=row.unmatched_id,
    ).transaction_id
