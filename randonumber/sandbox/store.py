"""The sandbox's state in one SQLite file: objects as JSON, and beside them what Stripe keeps to itself.

One writer at a time: a request is one transaction, and a lock keeps the threads of the server apart.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from randonumber.sandbox.filters import INDEXES

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL, hidden TEXT NOT NULL DEFAULT '{}',
    UNIQUE (account, id)
);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (account, kind, seq);
CREATE INDEX IF NOT EXISTS objects_id ON objects (id);
CREATE TABLE IF NOT EXISTS due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL, at INTEGER NOT NULL, action TEXT NOT NULL, object_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS due_at ON due (at, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL, event_id TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'lost', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL, due_at REAL NOT NULL
);
DROP INDEX IF EXISTS deliveries_due;
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (url, due_at, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL, at REAL NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL,
    status INTEGER, answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_delivery ON attempts (delivery_id);
CREATE TABLE IF NOT EXISTS idempotency (
    account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, request_id TEXT NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL,
    real_at REAL NOT NULL, sandbox_at INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE INDEX IF NOT EXISTS idempotency_end ON idempotency (real_at + seconds);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL, fault TEXT NOT NULL, times INTEGER, seconds REAL,
    rate REAL, seed INTEGER, draws INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, account TEXT NOT NULL, at REAL NOT NULL, operation TEXT NOT NULL,
    params TEXT NOT NULL, key TEXT, status INTEGER NOT NULL, answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS requests_id ON requests (id);
CREATE TABLE IF NOT EXISTS replays (request_id TEXT PRIMARY KEY, original TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS connections (
    account TEXT PRIMARY KEY, platform TEXT NOT NULL, live INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS connections_platform ON connections (platform);
CREATE TABLE IF NOT EXISTS balances (
    account TEXT NOT NULL, currency TEXT NOT NULL,
    available INTEGER NOT NULL DEFAULT 0, pending INTEGER NOT NULL DEFAULT 0, reserved INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, currency)
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
TABLES = (
    "objects", "due", "deliveries", "attempts", "idempotency", "faults", "requests", "replays", "connections",
    "balances", "settings",
)  # fmt: skip
# A file of an earlier version holds no running balances: they are the sums of its balance transactions.
VERSION = 1
SUMS = """
INSERT OR REPLACE INTO balances (account, currency, available, pending)
SELECT account, json_extract(body, '$.currency'),
    sum(CASE WHEN json_extract(body, '$.status') = 'available' THEN json_extract(body, '$.net') ELSE 0 END),
    sum(CASE WHEN json_extract(body, '$.status') = 'pending' THEN json_extract(body, '$.net') ELSE 0 END)
FROM objects WHERE kind = 'balance_transaction' GROUP BY 1, 2
"""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A stored object: what the API shows, and what it hides."""

    seq: int
    account: str
    kind: str
    body: dict[str, Any]
    hidden: dict[str, Any]
    deleted: bool


class Store:
    """One connection, one lock. Every method but `transaction` is called inside `transaction`."""

    def __init__(self, database: str | Path) -> None:
        if str(database) != ":memory:":
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(str(database), check_same_thread=False, isolation_level=None, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(";\n".join([SCHEMA, *INDEXES]))
        self._bring_up_to_date()

    def _bring_up_to_date(self) -> None:
        with self.transaction():
            found = self.row("PRAGMA user_version")
            if found and found[0] < VERSION:
                self.run(SUMS)
                self.run(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time. Does not nest."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def undone_if_raised(self) -> Iterator[None]:
        """Undo what was done inside when something is raised, unless that says that effects stay."""
        self._db.execute("SAVEPOINT step")
        try:
            yield
        except BaseException as raised:
            if not getattr(raised, "effects_stay", False):
                self._db.execute("ROLLBACK TO step")
            raise
        finally:
            self._db.execute("RELEASE step")

    def run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """One statement with its values."""
        return self._db.execute(sql, values)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return found

    def insert(self, account: str, body: dict[str, Any], hidden: dict[str, Any] | None = None) -> None:
        """Keep a new object."""
        self.run(
            "INSERT INTO objects (account, id, kind, created, body, hidden) VALUES (?, ?, ?, ?, ?, ?)",
            account, body["id"], body["object"], body.get("created", 0),
            json.dumps(body), json.dumps(hidden or {}),
        )  # fmt: skip

    def save(self, account: str, body: dict[str, Any], hidden: dict[str, Any] | None = None) -> None:
        """Keep the new state of an object; `hidden` None leaves that part as it was."""
        self.run(
            "UPDATE objects SET body = ?, hidden = coalesce(?, hidden) WHERE account = ? AND id = ?",
            json.dumps(body), None if hidden is None else json.dumps(hidden), account, body["id"],
        )  # fmt: skip

    def mark_deleted(self, account: str, object_id: str) -> None:
        """Take an object out of lists; it can still be found by its id."""
        self.run("UPDATE objects SET deleted = 1 WHERE account = ? AND id = ?", account, object_id)

    def find(self, account: str, object_id: str) -> Record | None:
        """Return an object of this account by its id, deleted ones too."""
        row = self.row("SELECT * FROM objects WHERE account = ? AND id = ?", account, object_id)
        return record(row) if row else None

    def find_anywhere(self, object_id: str) -> Record | None:
        """Return an object by its id whatever its account: for hosted pages, whose address is the permission."""
        row = self.row("SELECT * FROM objects WHERE id = ?", object_id)
        return record(row) if row else None

    def empty(self) -> None:
        """Forget everything."""
        for table in TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608 -- the names stand above


def record(row: sqlite3.Row) -> Record:
    """Return a row of `objects` with its JSON read."""
    return Record(
        seq=row["seq"],
        account=row["account"],
        kind=row["kind"],
        body=json.loads(row["body"]),
        hidden=json.loads(row["hidden"]),
        deleted=bool(row["deleted"]),
    )
