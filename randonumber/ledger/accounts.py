"""Accounts: their codes, and opening them.

Code of a user's account: `user:<id>:wallet`, `user:<id>:wallet:pending`, `user:<id>:debt`,
`user:<id>:credits:debt`, `user:<id>:credits:lot:<lot id>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber import ids

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

STRIPE_BALANCE: Final = "stripe:balance"
STRIPE_FEES: Final = "stripe:fees"
STRIPE_HELD: Final = "stripe:held"
STRIPE_OTHER: Final = "stripe:other"
STRIPE_RESERVE: Final = "stripe:reserve"
SALES: Final = "sales"
OPENING: Final = "opening"
UNMATCHED: Final = "unmatched"
BANK: Final = "bank"
REFUNDS_IN_TRANSIT: Final = "refunds:in_transit"
DISPUTES_HELD: Final = "disputes:held"
DISPUTES_LOST: Final = "disputes:lost"
WITHDRAWALS_IN_TRANSIT: Final = "withdrawals:in_transit"
WITHDRAWAL_FEES: Final = "withdrawals:fees"
CREDITS_ISSUED: Final = "credits:issued"
CREDITS_CONSUMED: Final = "credits:consumed"
CREDITS_REVOKED: Final = "credits:revoked"
CREDITS_EXPIRED: Final = "credits:expired"


class LotSource(StrEnum):
    """Where the credits of a lot come from."""

    PURCHASE = "purchase"
    GRANT = "grant"


class LotPriority(IntEnum):
    """Lots are spent from the lowest priority up: promotional credits before paid ones."""

    PROMOTIONAL = 0
    PAID = 1


@dataclass(frozen=True, kw_only=True)
class OpenedLot:
    """A lot that was just opened, still empty."""

    ref: str
    code: str


def wallet(user_id: int) -> str:
    """Return the code of the user's money that can be spent or withdrawn."""
    return f"user:{user_id}:wallet"


def wallet_pending(user_id: int) -> str:
    """Return the code of the user's money that is on its way."""
    return f"user:{user_id}:wallet:pending"


def money_debt(user_id: int) -> str:
    """Return the code of the money that the user owes: zero or below."""
    return f"user:{user_id}:debt"


def credit_debt(user_id: int) -> str:
    """Return the code of the credits that the user owes: zero or below."""
    return f"user:{user_id}:credits:debt"


# The one order of all locks (ledger.posting): wallet accounts and debts by id, then lots in spending order.
_LOCK = text("""
    SELECT code, balance FROM accounts
     WHERE code = ANY (:codes)
     ORDER BY lot_priority NULLS FIRST, expires_at NULLS LAST, id
       FOR NO KEY UPDATE
""")
_OPEN = text("""
    INSERT INTO accounts (code, kind, currency, user_id)
    VALUES (:code, :kind, :currency, :user_id) ON CONFLICT (code) DO NOTHING
""")
_OPEN_LOT = text("""
    WITH next AS (SELECT nextval(pg_get_serial_sequence('accounts', 'id')) AS id)
    INSERT INTO accounts (id, code, kind, currency, user_id, lot_ref, lot_source, lot_source_ref, lot_credits,
                          lot_priority, unit_price_minor, expires_at)
    SELECT id, 'user:' || cast(:user_id AS bigint) || ':credits:lot:' || id, 'lot', 'credit', :user_id, :lot_ref,
           :source, :source_ref, :credits, :priority, :unit_price_minor, :expires_at
    FROM next
    RETURNING code
""")


def open_user_accounts(session: Session, user_id: int) -> None:
    """Open a user's wallet, pending and debt accounts. Never commits; safe to call again."""
    rows = [
        {"code": wallet(user_id), "kind": "wallet", "currency": "usd", "user_id": user_id},
        {"code": wallet_pending(user_id), "kind": "pending", "currency": "usd", "user_id": user_id},
        {"code": money_debt(user_id), "kind": "debt", "currency": "usd", "user_id": user_id},
        {"code": credit_debt(user_id), "kind": "debt", "currency": "credit", "user_id": user_id},
    ]
    session.execute(_OPEN, rows)


def lock_balances(session: Session, *codes: str) -> dict[str, int]:
    """Lock accounts of a user, in the one order, and return what stands in each. Never commits.

    The scan that locks reads, so what is decided by it is true until the transaction ends.
    """
    return {row.code: row.balance for row in session.execute(_LOCK, {"codes": list(codes)})}


def open_lot(
    session: Session,
    *,
    user_id: int,
    source: LotSource,
    source_ref: str,
    credits_: int,
    unit_price_minor: int,
    priority: LotPriority,
    expires_at: datetime | None = None,
) -> OpenedLot:
    """Open an empty lot for `credits_` credits at `unit_price_minor` cents each. Never commits.

    Fill it in the same transaction with `post`. Each call opens another lot: the caller has made sure, under the
    lock of its own row, that this one is due.
    """
    ref = ids.new_ref("lot")
    parameters = {
        "user_id": user_id,
        "lot_ref": ref,
        "source": source.value,
        "source_ref": source_ref,
        "credits": credits_,
        "priority": int(priority),
        "unit_price_minor": unit_price_minor,
        "expires_at": expires_at,
    }
    return OpenedLot(ref=ref, code=session.execute(_OPEN_LOT, parameters).scalar_one())
