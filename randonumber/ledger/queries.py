"""What stands in the books, to read: credits, lots, the wallet. Nothing here writes or locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, text

from randonumber import clock
from randonumber.ledger import accounts
from randonumber.ledger.accounts import LotPriority, LotSource
from randonumber.ledger.models import Account, Lot
from randonumber.ledger.statement import Only, StatementPage, StatementRow, statement

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

__all__ = [
    "CreditStanding",
    "Only",
    "OpenLot",
    "StatementPage",
    "StatementRow",
    "WalletBalances",
    "balance",
    "credit_standing",
    "credits_left",
    "open_lots",
    "statement",
    "wallet_balances",
]


@dataclass(frozen=True, kw_only=True)
class OpenLot:
    """A lot that can be spent: `left` of its `credits_` credits, at `unit_price_minor` cents each."""

    ref: str
    left: int
    credits_: int
    unit_price_minor: int
    source: LotSource
    source_ref: str
    priority: LotPriority
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class WalletBalances:
    """A user's money in cents, and what is owed, in cents and in credits. No figure is below zero.

    `held` is money that was withdrawn and has not gone yet.
    """

    available: int
    pending: int
    held: int
    debt_usd: int
    debt_credit: int


@dataclass(frozen=True, kw_only=True)
class CreditStanding:
    """The credits that a user can spend, and those that the user owes; both are counts of no sign."""

    left: int
    owed: int


_CREDITS_LEFT = text("""
    SELECT coalesce(sum(balance), 0)::bigint FROM accounts
     WHERE user_id = :user_id AND is_open AND (expires_at IS NULL OR expires_at > :now)
""")
_CREDIT_STANDING = text("""
    SELECT (SELECT coalesce(sum(balance), 0)::bigint FROM accounts
             WHERE user_id = :user_id AND is_open AND (expires_at IS NULL OR expires_at > :now)) AS left,
           coalesce((SELECT -balance FROM accounts WHERE code = :debt), 0) AS owed
""")
_BALANCES = text("""
    SELECT code, balance FROM accounts
     WHERE user_id = :user_id AND kind IN ('wallet', 'pending', 'debt')
""")
_HELD = text("""
    SELECT coalesce(sum(CASE WHEN house.id = entries.destination_id THEN amount ELSE -amount END), 0)::bigint
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts AS house ON house.code = 'withdrawals:in_transit'
                            AND house.id IN (entries.source_id, entries.destination_id)
     WHERE transactions.user_id = :user_id
       AND transactions.kind IN ('withdrawal_hold', 'withdrawal_settle', 'withdrawal_release')
""")
_BALANCE = text("""
    SELECT accounts.balance + coalesce(sum(CASE WHEN entries.destination_id = accounts.id THEN entries.amount
                                                ELSE -entries.amount END), 0)::bigint
      FROM accounts
      LEFT JOIN entries ON accounts.kind = 'house' AND accounts.id IN (entries.source_id, entries.destination_id)
     WHERE accounts.code = :code
     GROUP BY accounts.id
""")


def credits_left(session: Session, user_id: int) -> int:
    """Return the credits that can be spent now: those of the open lots that have not expired."""
    left: int = session.execute(_CREDITS_LEFT, {"user_id": user_id, "now": clock.now()}).scalar_one()
    return left


def credit_standing(session: Session, user_id: int) -> CreditStanding:
    """Return the credits that can be spent now and those that are owed, by one query."""
    parameters = {"user_id": user_id, "now": clock.now(), "debt": accounts.credit_debt(user_id)}
    row = session.execute(_CREDIT_STANDING, parameters).one()
    return CreditStanding(left=row.left, owed=row.owed)


def open_lots(session: Session, user_id: int) -> list[OpenLot]:
    """Return the lots that can be spent now, in the order in which they will be."""
    query = (
        select(Lot)
        .where(Lot.user_id == user_id, Lot.is_open, or_(Lot.expires_at.is_(None), Lot.expires_at > clock.now()))
        .order_by(Lot.lot_priority, Lot.expires_at, Lot.id)
        .execution_options(populate_existing=True)
    )
    return [_open_lot(lot) for lot in session.scalars(query)]


def wallet_balances(session: Session, user_id: int) -> WalletBalances:
    """Return a user's money and debts; all zero for a user without accounts."""
    rows = session.execute(_BALANCES, {"user_id": user_id}).all()
    by_code = {row.code: row.balance for row in rows}
    return WalletBalances(
        available=by_code.get(accounts.wallet(user_id), 0),
        pending=by_code.get(accounts.wallet_pending(user_id), 0),
        held=session.execute(_HELD, {"user_id": user_id}).scalar_one(),
        debt_usd=-by_code.get(accounts.money_debt(user_id), 0),
        debt_credit=-by_code.get(accounts.credit_debt(user_id), 0),
    )


def balance(session: Session, code: str) -> int:
    """Return what stands in one account, in minor units or credits. Raises LookupError when there is none.

    The balance of a house account is the sum of its entries, so this reads them all.
    """
    found: int | None = session.execute(_BALANCE, {"code": code}).scalar_one_or_none()
    if found is None:
        raise LookupError(code)
    return found


def balances_of_house(session: Session) -> dict[str, int]:
    """Return every house account by its code with its balance: the sums of their entries."""
    codes = select(Account.code).where(Account.kind == "house").order_by(Account.code)
    return {code: balance(session, code) for code in session.scalars(codes)}


def _open_lot(lot: Lot) -> OpenLot:
    return OpenLot(
        ref=lot.lot_ref,
        left=lot.balance,
        credits_=lot.lot_credits,
        unit_price_minor=lot.unit_price_minor,
        source=LotSource(lot.lot_source),
        source_ref=lot.lot_source_ref,
        priority=LotPriority(lot.lot_priority),
        expires_at=lot.expires_at,
        created_at=lot.created_at,
    )
