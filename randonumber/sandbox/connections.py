"""Which connected account belongs to which platform.

An account object is kept among its platform's objects; what the account itself owns (its balance transactions,
payments, payouts, events) is kept under its own id. A connection that is not live any more is closed to the platform.
"""

from dataclasses import dataclass

from randonumber.sandbox.scope import Scope
from randonumber.sandbox.store import Store


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A connected account, its platform, and whether the platform still has access to it."""

    account: str
    platform: str
    live: bool


def connect(scope: Scope, account: str) -> None:
    """Open an account to the platform that the scope acts for, again if it had been closed to it."""
    scope.store.run(
        "INSERT INTO connections (account, platform) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET live = 1",
        account, scope.account,
    )  # fmt: skip


def disconnect(scope: Scope, account: str) -> None:
    """Close an account to its platform."""
    scope.store.run("UPDATE connections SET live = 0 WHERE account = ?", account)


def find(store: Store, account: str) -> Connection | None:
    """Return the connection of an account, None for a platform or a stranger."""
    row = store.row("SELECT * FROM connections WHERE account = ?", account)
    return Connection(account=row["account"], platform=row["platform"], live=bool(row["live"])) if row else None


def opens(store: Store, platform: str, account: str) -> bool:
    """Whether a platform may act for this account."""
    found = find(store, account)
    return found is not None and found.platform == platform and found.live
