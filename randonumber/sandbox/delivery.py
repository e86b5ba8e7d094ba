"""Webhooks: signed as Stripe signs them, in real time, and sent again until somebody answers 2xx.

Stripe retries for up to three days with exponential backoff (https://docs.stripe.com/webhooks#retries). Here the first
retry comes after a second, so that restarting an app costs no time, and none waits longer than five minutes.
"""

import hashlib
import hmac
import json
import sqlite3
from dataclasses import dataclass

from randonumber.sandbox import clock
from randonumber.sandbox.recording import count_pending
from randonumber.sandbox.scope import Sandbox, unit
from randonumber.sandbox.store import Store

GIVE_UP_SECONDS = 3 * 24 * 60 * 60
LONGEST_WAIT_SECONDS = 300
SHOWN_CHARACTERS = 4000
KEPT_ATTEMPTS = 2000


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request to make: where to, with which headers and which bytes."""

    id: int
    event_id: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of it: a status, None when nobody answered, and what was said."""

    status: int | None
    answer: str

    @property
    def taken(self) -> bool:
        """Whether the endpoint took the event."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004


def signature(secret: str, body: bytes, at: int) -> str:
    """`Stripe-Signature` for these bytes (https://docs.stripe.com/webhooks#verify-manually)."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def due(
    sandbox: Sandbox,
    *,
    within: float = 0,
    most: int = 100,
    skip: frozenset[int] = frozenset(),
    closed: frozenset[str] = frozenset(),
) -> list[Delivery]:
    """Deliveries whose time has come, or comes within so many seconds, oldest first, each freshly signed.

    Nothing for the addresses in `closed`.
    """
    with unit(sandbox) as scope:
        found = [
            row
            for url in addresses(scope.store)
            if url not in closed
            for row in scope.store.rows(
                "SELECT * FROM deliveries WHERE state = 'pending' AND url = ? AND due_at <= ? "
                "AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at, id LIMIT ?",
                url, clock.real_now() + within, json.dumps(sorted(skip)), most,
            )
        ]  # fmt: skip
        found.sort(key=lambda row: (row["due_at"], row["id"]))
        return [signed(sandbox, row) for row in found[:most]]


def addresses(store: Store) -> list[str]:
    """Return the addresses that wait for something, by as many steps in an index, however much waits."""
    first = "SELECT min(url) FROM deliveries WHERE state = 'pending'"
    rows = store.rows(
        f"WITH RECURSIVE waiting (url) AS ({first} UNION ALL SELECT ({first} AND url > waiting.url) FROM waiting "  # noqa: S608
        "WHERE waiting.url IS NOT NULL) SELECT url FROM waiting WHERE url IS NOT NULL"
    )
    return [row["url"] for row in rows]


def signed(sandbox: Sandbox, row: sqlite3.Row) -> Delivery:
    """Return a queued delivery as the request it becomes now."""
    event = sandbox.store.find(row["account"], row["event_id"])
    body = json.dumps(event.body if event else {}, indent=2).encode()
    headers = {
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(row["secret"], body, int(clock.real_now())),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    return Delivery(id=row["id"], event_id=row["event_id"], url=row["url"], headers=headers, body=body)


def next_due_at(
    sandbox: Sandbox, *, skip: frozenset[int] = frozenset(), closed: frozenset[str] = frozenset()
) -> float | None:
    """Real time of the next delivery or of what the clock does next, None when nothing waits."""
    with sandbox.store.transaction():
        store, skipped = sandbox.store, json.dumps(sorted(skip))
        times = [
            store.row(
                "SELECT due_at AS at FROM deliveries WHERE state = 'pending' AND url = ? "
                "AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT 1",
                url, skipped,
            )
            for url in addresses(store)
            if url not in closed
        ]  # fmt: skip
        times.append(store.row("SELECT min(at) - ? AS at FROM due", clock.lead(store)))
        return min((row["at"] for row in times if row and row["at"] is not None), default=None)


def settle(sandbox: Sandbox, delivery: Delivery, outcome: Outcome) -> None:
    """Write an attempt down: delivered, or to be tried again later, or given up after three days."""
    with unit(sandbox) as scope:
        store, now = scope.store, clock.real_now()
        row = store.row("SELECT * FROM deliveries WHERE id = ?", delivery.id)
        if row is None:
            return
        cursor = store.run(
            "INSERT INTO attempts (delivery_id, at, headers, body, status, answer) VALUES (?, ?, ?, ?, ?, ?)",
            delivery.id, now, json.dumps(delivery.headers, indent=2), delivery.body.decode(), outcome.status,
            outcome.answer[:SHOWN_CHARACTERS],
        )  # fmt: skip
        store.run("DELETE FROM attempts WHERE id <= ?", (cursor.lastrowid or 0) - KEPT_ATTEMPTS)
        tries = row["attempts"] + 1
        late = now - row["created_at"] > GIVE_UP_SECONDS
        state = "delivered" if outcome.taken else "given_up" if late else "pending"
        store.run(
            "UPDATE deliveries SET state = ?, attempts = ?, due_at = ? WHERE id = ?",
            state, tries, now + wait_seconds(tries), delivery.id,
        )  # fmt: skip
        count_pending(scope, delivery.event_id)


def wait_seconds(tries: int) -> float:
    """1, 2, 4 … up to five minutes."""
    return float(min(2 ** min(tries - 1, 20), LONGEST_WAIT_SECONDS))
