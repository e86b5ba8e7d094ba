"""A user's statement: every movement of every account of theirs, newest first, with the balance after it.

Within an account the order of transaction ids is the order of its balances: a posting locks the account before it
takes its number. So a page checks itself: each balance is the one below it plus the amount.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber.errors import InvalidRequest

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

WORDS: Final = {
    "dispute_lost": "Dispute lost",
    "dispute_open": "Dispute opened",
    "dispute_won": "Dispute won",
    "expiry": "Credits expired",
    "grant": "Credits granted",
    "hold": "Credits set aside",
    "hold_capture": "Credits spent",
    "hold_release": "Credits given back",
    "purchase": "Credits bought",
    "refund_external": "Refund",
    "refund_fail": "Refund failed",
    "refund_hold": "Refund asked",
    "refund_release": "Refund refused",
    "refund_settle": "Refund made",
    "refund_wallet": "Refund to the wallet",
    "revoke": "Credits revoked",
    "spend": "Numbers drawn",
    "topup": "Top-up paid",
    "topup_available": "Top-up available",
    "withdrawal_hold": "Withdrawal asked",
    "withdrawal_release": "Withdrawal given back",
    "withdrawal_reverse": "Withdrawal reversed",
    "withdrawal_settle": "Withdrawal paid",
}
"""What a kind of transaction is called on a statement; others show their kind with spaces."""


COLUMNS: Final = ("at", "kind", "ref", "what", "amount", "currency", "account", "balance")
CREDITS_ALONE: Final = ("spend", "hold", "hold_capture", "hold_release")
"""Kinds that never move money: a partial index leaves them out, so that a statement of money passes millions by."""


@dataclass(frozen=True, kw_only=True)
class Only:
    """Which movements a statement shows: of one currency, of some kinds, from `since` until before `until`."""

    currency: str | None = None
    kinds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING: Final = Only()


@dataclass(frozen=True, kw_only=True)
class StatementRow:
    """One movement of one account: `amount` is above zero when the account rose.

    `account` is `wallet`, `wallet:pending`, `debt`, `credits:debt`, or the ref of a lot. What is owed is a
    balance below zero.
    """

    at: datetime
    kind: str
    ref: str
    what: str
    amount: int
    currency: str
    account: str
    balance: int


@dataclass(frozen=True, kw_only=True)
class StatementPage:
    """Rows, newest first; `next_cursor` asks for the page of older ones, None at the end."""

    rows: list[StatementRow]
    next_cursor: str | None


# OFFSET 0 keeps the order of the joins: from the user's newest transactions on, as far as the page needs.
_ROWS = """
    SELECT fact.kind, fact.ref, fact.at, side.*
      FROM (SELECT id, kind, ref, coalesce(event_at, created_at) AS at FROM transactions
             WHERE user_id = :user_id AND (cast(:from_id AS bigint) IS NULL OR id <= :from_id)
               AND (cast(:kinds AS text[]) IS NULL OR kind = ANY (:kinds))
               AND (cast(:since AS timestamptz) IS NULL OR coalesce(event_at, created_at) >= :since)
               AND (cast(:until AS timestamptz) IS NULL OR coalesce(event_at, created_at) < :until)
               AND {only_money}
             ORDER BY id DESC OFFSET 0) AS fact
     CROSS JOIN LATERAL (
            SELECT entries.position, moved.side, moved.amount, moved.balance, entries.currency,
                   coalesce(accounts.lot_ref, substr(accounts.code, length('user:' || accounts.user_id) + 2)) AS account
              FROM entries
             CROSS JOIN LATERAL (VALUES (0, source_id, -entries.amount, source_balance),
                                        (1, destination_id, entries.amount, destination_balance))
                                AS moved (side, account_id, amount, balance)
              JOIN accounts ON accounts.id = moved.account_id AND accounts.user_id = :user_id
             WHERE entries.transaction_id = fact.id
               AND (cast(:currency AS text) IS NULL OR entries.currency = :currency)
            OFFSET 0) AS side
     WHERE cast(:from_id AS bigint) IS NULL
        OR (fact.id, side.position, side.side) < (:from_id, :from_position, :from_side)
     ORDER BY fact.id DESC, side.position DESC, side.side DESC
     LIMIT :limit
"""
_ALL_ROWS = text(_ROWS.format(only_money="true"))
_MONEY_ROWS = text(_ROWS.format(only_money=f"kind NOT IN {CREDITS_ALONE}"))
_NAME = re.compile(r"(?P<position>[0-9]{1,5}):(?P<side>[01]):(?P<kind>[a-z_]+):(?P<ref>[!-~]+)")
_CURSOR = text("SELECT id FROM transactions WHERE kind = :kind AND ref = :ref AND user_id = :user_id")


def statement(
    session: Session, user_id: int, *, only: Only = EVERYTHING, before: str | None = None, limit: int = 50
) -> StatementPage:
    """Return up to `limit` movements older than the cursor `before`. Raises InvalidRequest on a broken cursor."""
    position = _read_cursor(session, user_id, before) if before else (None, None, None)
    parameters: dict[str, Any] = {"user_id": user_id, "limit": limit + 1, **asdict(only)}
    parameters["kinds"] = list(only.kinds) if only.kinds is not None else None
    parameters.update(zip(("from_id", "from_position", "from_side"), position, strict=True))
    query = _MONEY_ROWS if only.currency == "usd" else _ALL_ROWS
    rows = session.execute(query, parameters).all()
    more = len(rows) > limit
    return StatementPage(
        rows=[_row(row) for row in rows[:limit]], next_cursor=_cursor(rows[limit - 1]) if more else None
    )


def cells(row: StatementRow) -> tuple[str, ...]:
    """Return a row as the cells of a line of CSV under COLUMNS: amounts in minor units, moments in UTC."""
    at = row.at.isoformat(timespec="seconds")
    return (at, row.kind, row.ref, row.what, str(row.amount), row.currency, row.account, str(row.balance))


def _row(row: Row[Any]) -> StatementRow:
    return StatementRow(
        at=row.at,
        kind=row.kind,
        ref=row.ref,
        what=WORDS.get(row.kind, row.kind.replace("_", " ").capitalize()),
        amount=row.amount,
        currency=row.currency,
        account=row.account,
        balance=row.balance,
    )


def _cursor(row: Row[Any]) -> str:
    """Name a row by its public parts: no row id leaves the app."""
    name = f"{row.position}:{row.side}:{row.kind}:{row.ref}"
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _read_cursor(session: Session, user_id: int, cursor: str) -> tuple[int, int, int]:
    name = _NAME.fullmatch(_decoded(cursor))
    if name is None:
        raise _broken_cursor()
    fact = {"kind": name["kind"], "ref": name["ref"], "user_id": user_id}
    found: int | None = session.execute(_CURSOR, fact).scalar()
    if found is None:
        raise _broken_cursor()
    return found, int(name["position"]), int(name["side"])


def _decoded(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return ""


def _broken_cursor() -> InvalidRequest:
    message = "This page does not exist; begin with the first one."
    return InvalidRequest(message, errors=[{"field": "cursor", "message": message}])
