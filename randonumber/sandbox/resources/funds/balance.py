"""The balance of an account, by currency: what it can spend, what it cannot spend yet, what is held back.

All money counts as `card` money in `source_types`.
"""

from typing import Any

from randonumber.sandbox.scope import Json, Operations, Scope

DEFAULT_CURRENCY = "usd"
NOTHING = {"available": 0, "pending": 0, "reserved": 0}


def move(scope: Scope, currency: str, *, available: int = 0, pending: int = 0, reserved: int = 0) -> None:
    """Change the running sums of the scope's account, in minor units. Only `balance_transactions` calls it."""
    scope.store.run(
        "INSERT INTO balances (account, currency, available, pending, reserved) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (account, currency) DO UPDATE SET available = available + excluded.available, "
        "pending = pending + excluded.pending, reserved = reserved + excluded.reserved",
        scope.account, currency, available, pending, reserved,
    )  # fmt: skip


def available_minor(scope: Scope, currency: str) -> int:
    """Return what the scope's account can spend now, in minor units; below zero when it owes."""
    row = scope.store.row("SELECT available FROM balances WHERE account = ? AND currency = ?", scope.account, currency)
    return row["available"] if row else 0


def show(scope: Scope) -> Json:
    """Return the balance object of the scope's account."""
    rows = scope.store.rows("SELECT * FROM balances WHERE account = ? ORDER BY currency", scope.account)
    sums: dict[str, Any] = {DEFAULT_CURRENCY: NOTHING} | {row["currency"]: row for row in rows}
    parts = {
        status: [
            {"amount": row[status], "currency": currency, "source_types": {"card": row[status]}}
            for currency, row in sums.items()
        ]
        for status in ("available", "pending")
    }
    reserved = [{"amount": row["reserved"], "currency": currency} for currency, row in sums.items()]
    nothing = [{"amount": 0, "currency": currency} for currency in sums]
    return {
        "object": "balance",
        "connect_reserved": reserved,
        "livemode": False,
        "refund_and_dispute_prefunding": {"available": nothing, "pending": nothing},
        **parts,
    }


def retrieve(scope: Scope, params: Json) -> Json:
    """GET /v1/balance."""
    del params
    return show(scope)


OPERATIONS: Operations = {"GET /v1/balance": retrieve}
