"""Credits without a payment: granted, and taken back by an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from randonumber import clock, ids, ledger
from randonumber.credits.service.lots import issue
from randonumber.errors import InsufficientCredits, InvalidRequest, NotFound
from randonumber.ledger import LotPriority, LotSource, Move, Posted, accounts
from randonumber.ledger.models import Lot

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.hooks import Person

GRANT: Final = "grant"
REVOKE: Final = "revoke"
MOST_AT_ONCE: Final = 1_000_000
SIGN_UP_REASON: Final = "free credits for a new account"

_STANDS: Final = text("SELECT id FROM transactions WHERE kind = :kind AND ref = :ref")
_LOCK_USER: Final = text("SELECT id FROM users WHERE id = :user_id FOR NO KEY UPDATE")


@dataclass(frozen=True, kw_only=True)
class Revoked:
    """What was taken back: how many credits, from how many lots."""

    ref: str
    credits: int
    lots: int


def grant(
    session: Session,
    *,
    user_id: int,
    credits_: int,
    reason: str,
    actor: str,
    ref: str | None = None,
    expires_at: datetime | None = None,
) -> Posted:
    """Give credits in a lot of their own that is spent before paid ones. Never commits.

    Safe to call again with the same ref. Raises InvalidRequest without a reason or outside 1 to MOST_AT_ONCE.
    """
    _refuse_nonsense(credits_, reason)
    _lock_user(session, user_id)
    source_ref = ref or ids.new_ref("grt")
    stands = session.execute(_STANDS, {"kind": GRANT, "ref": source_ref}).scalar_one_or_none()
    if stands is not None:
        return Posted(transaction_id=stands, created=False)
    issued = issue(
        session,
        user_id=user_id,
        source=LotSource.GRANT,
        source_ref=source_ref,
        credits_=credits_,
        unit_price_minor=0,
        priority=LotPriority.PROMOTIONAL,
        expires_at=expires_at,
    )
    return ledger.post(
        session, kind=GRANT, ref=source_ref, entries=issued.moves, actor=actor, user_id=user_id, reason=reason
    )


def revoke(session: Session, *, user_id: int, credits_: int, reason: str, actor: str) -> Revoked:
    """Take unspent credits back, in the order in which they would be spent. Never commits.

    All or nothing: raises InsufficientCredits when fewer are left, InvalidRequest without a reason.
    """
    _refuse_nonsense(credits_, reason)
    _lock_user(session, user_id)
    moves: list[Move] = []
    missing = credits_
    for lot in _lock_open_lots(session, user_id):
        amount = min(lot.balance, missing)
        moves.append(Move(source=lot.code, destination=accounts.CREDITS_REVOKED, amount=amount))
        missing -= amount
        if not missing:
            break
    if missing:
        message = f"Only {credits_ - missing} unspent credits are left."
        raise InsufficientCredits(message)
    ref = ids.new_ref("rvk")
    ledger.post(session, kind=REVOKE, ref=ref, entries=moves, actor=actor, user_id=user_id, reason=reason)
    return Revoked(ref=ref, credits=credits_, lots=len(moves))


def open_accounts(session: Session, person: Person) -> None:
    """Open the accounts of a new user. A hook of the sign-up: never commits."""
    ledger.open_user_accounts(session, person.user_id)


def _refuse_nonsense(credits_: int, reason: str) -> None:
    if not 1 <= credits_ <= MOST_AT_ONCE:
        message = f"Give a number of credits from 1 to {MOST_AT_ONCE:,}."
        raise InvalidRequest(message)
    if not reason.strip():
        message = "Give a reason: it stands in the ledger for good."
        raise InvalidRequest(message)


def _lock_user(session: Session, user_id: int) -> None:
    """Let one change of this kind at a time decide for a user."""
    if session.execute(_LOCK_USER, {"user_id": user_id}).scalar_one_or_none() is None:
        message = "There is no such user."
        raise NotFound(message)


def _lock_open_lots(session: Session, user_id: int) -> list[Lot]:
    query = (
        select(Lot)
        .where(Lot.user_id == user_id, Lot.is_open, (Lot.expires_at.is_(None)) | (Lot.expires_at > clock.now()))
        .order_by(Lot.lot_priority, Lot.expires_at, Lot.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return [lot for lot in session.execute(query).scalars() if lot.balance > 0]
