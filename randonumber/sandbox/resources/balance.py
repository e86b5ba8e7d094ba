"""The balance of an account, by currency: what it can spend, and what it cannot spend yet."""

from typing import Any

from randonumber.sandbox.scope import Json, Operations, Scope

DEFAULT_CURRENCY = "usd"


def move(scope: Scope, currency: str, *, available: int = 0, pending: int = 0) -> None:
    """Change the running sums of the scope's account, in minor units. Only `balance_transactions` calls it."""
    scope.store.run(
        "INSERT INTO balances (account, currency, available, pending) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (account, currency) DO UPDATE SET "
        "available = available + excluded.available, pending = pending + excluded.pending",
        scope.account, currency, available, pending,
    )  # fmt: skip


def available_minor(scope: Scope, currency: str) -> int:
    """Return what the scope's account can spend now, in minor units; below zero when it owes."""
    row = scope.store.row("SELECT available FROM balances WHERE account = ? AND currency = ?", scope.account, currency)
    return row["available"] if row else 0


def show(scope: Scope) -> Json:
    """Return the balance object of the scope's account."""
    rows = scope.store.rows("SELECT * FROM balances WHERE account = ? ORDER BY currency", scope.account)
    sums: dict[str, Any] = {row["currency"]: row for row in rows}
    sums.setdefault(DEFAULT_CURRENCY, {"available": 0, "pending": 0})
    parts = {
        status: [
            {"amount": sums[currency][status], "currency": currency, "source_types": {"card": sums[currency][status]}}
            for currency in sorted(sums)
        ]
        for status in ("available", "pending")
    }
    reserved = [{"amount": 0, "currency": currency} for currency in sorted(sums)]
    return {"object": "balance", "connect_reserved": reserved, "livemode": False, **parts}


def retrieve(scope: Scope, params: Json) -> Json:
    """GET /v1/balance."""
    del params
    return show(scope)


OPERATIONS: Operations = {"GET /v1/balance": retrieve}
