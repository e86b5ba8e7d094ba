"""What the dashboard reads from the store: accounts, lists a page at a time, what speaks of an object."""

import heapq
from dataclasses import dataclass
from itertools import islice

from randonumber.sandbox.ids import account_id
from randonumber.sandbox.scope import Scope
from randonumber.sandbox.store import Record, Store, record

PAGE = 25
DEMO_KEY = "sk_test_sandbox"
LAST = 2**62
COUNT = "SELECT kind, count(*) AS n FROM objects"

# One look at the index for each account, however many objects they have.
OWNERS = """
WITH RECURSIVE owners (account) AS (
    SELECT min(account) FROM objects
    UNION ALL
    SELECT (SELECT min(objects.account) FROM objects WHERE objects.account > owners.account)
    FROM owners WHERE owners.account IS NOT NULL
)
SELECT account FROM owners WHERE account <> ''
"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of the sandbox: a platform, or one connected to a platform and open to it while `live`."""

    id: str
    platform: str | None = None
    live: bool = True

    @property
    def title(self) -> str:
        """What it is, in words."""
        if self.platform:
            return "connected" if self.live else "disconnected"
        return f"platform of {DEMO_KEY}" if self.id == account_id(DEMO_KEY) else "platform"


def accounts(store: Store) -> list[Account]:
    """Return every account, each platform followed by those connected to it."""
    connected: dict[str, list[Account]] = {}
    for row in store.rows("SELECT * FROM connections ORDER BY rowid"):
        found = Account(id=row["account"], platform=row["platform"], live=bool(row["live"]))
        connected.setdefault(row["platform"], []).append(found)
    below = {one.id for several in connected.values() for one in several}
    owners = {row["account"] for row in store.rows(OWNERS)} | set(connected)
    ordered = []
    for platform in sorted(owners - below):
        ordered += [Account(id=platform), *connected.get(platform, [])]
    return ordered


def newest(scope: Scope, kind: str, account: str, before: int, most: int = PAGE + 1) -> list[Record]:
    """Return objects of a kind, newest first: of one account, or with an empty name of all."""
    owners = [account] if account else [row["account"] for row in scope.store.rows(OWNERS)]
    streams = [of_account(scope.store, kind, owner, before, most) for owner in owners]
    return list(islice(heapq.merge(*streams, key=lambda one: -one.seq), most))


def of_account(store: Store, kind: str, account: str, before: int, most: int) -> list[Record]:
    """Return objects of a kind and an account, newest first."""
    rows = store.rows(
        "SELECT * FROM objects WHERE account = ? AND kind = ? AND deleted = 0 AND seq < ? ORDER BY seq DESC LIMIT ?",
        account, kind, before, most,
    )  # fmt: skip
    return [record(row) for row in rows]


def counts(scope: Scope, account: str) -> dict[str, int]:
    """Return how many objects of each kind there are, of one account or of all; deleted ones do not count."""
    where, values = ("AND account = ? ", [account]) if account else ("", [])
    whole, gone = (
        {row["kind"]: row["n"] for row in scope.store.rows(f"{COUNT} WHERE {only} {where}GROUP BY kind", *values)}
        for only in ("1 = 1", "deleted = 1")
    )
    return {kind: number - gone.get(kind, 0) for kind, number in whole.items()}


def referring(scope: Scope, account: str, kind: str, field: str, object_id: str, most: int = 10) -> list[Record]:
    """Return objects of a kind whose field names this object, newest first."""
    rows = scope.store.rows(
        f"SELECT * FROM objects WHERE account = ? AND kind = ? AND json_extract(body, '$.{field}') = ? "  # noqa: S608
        "AND deleted = 0 ORDER BY seq DESC LIMIT ?",
        account, kind, object_id, most,
    )  # fmt: skip
    return [record(row) for row in rows]


def events_about(scope: Scope, found: Record, most: int = 20) -> list[Record]:
    """Return the newest events about an object, wherever they were written."""
    rows = scope.store.rows(
        "SELECT * FROM objects WHERE kind = 'event' AND json_extract(body, '$.data.object.id') = ? "
        "ORDER BY seq DESC LIMIT ?",
        found.body["id"], most,
    )  # fmt: skip
    return [record(row) for row in rows]


def running_balances(scope: Scope, shown: list[Record]) -> dict[int, int]:
    """Return what each account's balance was after each of these balance transactions (newest first), by `seq`."""
    after: dict[int, int] = {}
    left: dict[tuple[str, str], int] = {}
    for one in shown:
        group = (one.account, one.body["currency"])
        if group not in left:
            left[group] = sum_until(scope.store, *group, one.seq)
        after[one.seq] = left[group]
        left[group] -= one.body["net"]
    return after


def sum_until(store: Store, account: str, currency: str, seq: int) -> int:
    """Add up an account's balance transactions up to one of them, in minor units."""
    row = store.row(
        "SELECT coalesce(sum(json_extract(body, '$.net')), 0) AS total FROM objects WHERE account = ? "
        "AND kind = 'balance_transaction' AND json_extract(body, '$.currency') = ? AND seq <= ?",
        account, currency, seq,
    )  # fmt: skip
    return row["total"] if row else 0
