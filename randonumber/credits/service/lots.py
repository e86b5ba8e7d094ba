"""Issuing credits: a new lot, and what of it goes to credits that are owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber import ledger
from randonumber.ledger import LotPriority, LotSource, Move, accounts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

# The debt is read by the scan that locks it. Debts come before lots in the order of locks (ledger.posting).
_OWED: Final = text("SELECT -balance FROM accounts WHERE code = :code FOR NO KEY UPDATE")


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A lot, the moves that fill it, and how many of its credits repay what was owed."""

    lot_ref: str
    moves: list[Move]
    repaid: int


def issue(
    session: Session,
    *,
    user_id: int,
    source: LotSource,
    source_ref: str,
    credits_: int,
    unit_price_minor: int,
    priority: LotPriority,
    expires_at: datetime | None = None,
) -> Issued:
    """Open a lot and return the moves that fill it, to be posted by the caller in this transaction. Never commits."""
    debt = accounts.credit_debt(user_id)
    owed: int = session.execute(_OWED, {"code": debt}).scalar_one()
    lot = ledger.open_lot(
        session,
        user_id=user_id,
        source=source,
        source_ref=source_ref,
        credits_=credits_,
        unit_price_minor=unit_price_minor,
        priority=priority,
        expires_at=expires_at,
    )
    moves = [Move(source=accounts.CREDITS_ISSUED, destination=lot.code, amount=credits_)]
    if repaid := min(owed, credits_):
        moves.append(Move(source=lot.code, destination=debt, amount=repaid))
    return Issued(lot_ref=lot.ref, moves=moves, repaid=repaid)
