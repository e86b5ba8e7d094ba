"""Events: written down with a copy of their object, and queued for every endpoint that wants them."""

import json
from typing import Any

from randonumber.sandbox import clock, connections, faults
from randonumber.sandbox.differences import previous as earlier
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.scope import Json, Scope


def record(scope: Scope, kind: str, subject: Json, *, previous: Json | None = None) -> Json:
    """Write an event of this type about `subject` as it is now; `previous` holds what an update changed."""
    data: Json = {"object": json.loads(json.dumps(subject))}
    if previous is not None:
        data["previous_attributes"] = previous
    wanted = receivers(scope, kind)
    connected = connections.find(scope.store, scope.account)
    event = scope.insert(
        {
            "id": new_id("event"),
            "object": "event",
            **({"account": scope.account} if connected else {}),
            "api_version": scope.sandbox.description.version,
            "created": scope.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": len(wanted),
            "request": {"id": scope.request_id, "idempotency_key": scope.idempotency_key},
            "type": kind,
        }
    )
    for url, secret in wanted:
        queue(scope, event, url, secret)
    return event


def updated(scope: Scope, kind: str, before: Json, after: Json) -> None:
    """Write an update event if anything changed, with the earlier values of what did."""
    changed = earlier(before, after)
    if changed:
        record(scope, kind, after, previous=changed)


def receivers(scope: Scope, kind: str) -> list[tuple[str, str]]:
    """(url, secret) of every endpoint that takes this type: those of the app, then the registered ones.

    What happens on a connected account goes to its own endpoints and, while it is connected, to those that its platform
    keeps for connected accounts. The platform hears once more when it ends: `account.application.deauthorized`.
    """
    connected = connections.find(scope.store, scope.account)
    if connected is None:
        return of_app(scope, connect=False) + registered(scope, scope.account, kind, connect=False)
    own = registered(scope, scope.account, kind, connect=False)
    if not connected.live and kind != "account.application.deauthorized":
        return own
    return own + of_app(scope, connect=True) + registered(scope, connected.platform, kind, connect=True)


def of_app(scope: Scope, *, connect: bool) -> list[tuple[str, str]]:
    """Return the endpoints of the app, of one sort."""
    return [(one.url, one.secret) for one in scope.sandbox.endpoints if one.connect == connect]


def registered(scope: Scope, owner: str, kind: str, *, connect: bool) -> list[tuple[str, str]]:
    """Return the endpoints that an account registered over the API, of one sort."""
    rows = scope.store.rows(
        "SELECT body, hidden FROM objects WHERE account = ? AND kind = 'webhook_endpoint' AND deleted = 0", owner
    )
    found = [(json.loads(row["body"]), json.loads(row["hidden"])) for row in rows]
    return [
        (body["url"], hidden["secret"])
        for body, hidden in found
        if body["status"] == "enabled"
        and hidden.get("connect", False) == connect
        and {"*", kind} & set(body["enabled_events"])
    ]


def queue(scope: Scope, event: Json, url: str, secret: str) -> None:
    """Queue one delivery, bent by an event fault if one is set."""
    fault = faults.take(scope.store, event["type"], faults.OF_EVENTS)
    due_at = clock.real_now()
    state = "lost" if fault and fault.kind == "lose" else "pending"
    if fault and fault.kind == "delay":
        due_at += fault.seconds or 5
    if fault and fault.kind == "shuffle":
        due_at += faults.chance(fault.seed, fault.draws) * (fault.seconds or 1)
    for _ in range(2 if fault and fault.kind == "duplicate" else 1):
        enqueue(scope, event["id"], url, secret, state, due_at)


def enqueue(scope: Scope, event_id: str, url: str, secret: str, state: str, due_at: float) -> None:
    """One row of the queue, due at a real time."""
    scope.store.run(
        "INSERT INTO deliveries (account, event_id, url, secret, state, created_at, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        scope.account, event_id, url, secret, state, clock.real_now(), due_at,
    )  # fmt: skip
    scope.sandbox.wake.set()  # the courier looks only when this transaction has ended: they share a lock


def resend(scope: Scope, event_id: str) -> int:
    """Queue an event again for everybody who got it or should have; how many. Used by the switch and the dashboard."""
    row: Any = scope.store.find_anywhere(event_id)
    if not row or row.kind != "event":
        return 0
    rows = scope.store.rows("SELECT DISTINCT url, secret FROM deliveries WHERE event_id = ?", event_id)
    own = scope.at(scope.now, row.account)
    silent = silenced(own)
    heard = [(found["url"], found["secret"]) for found in rows if found["secret"] not in silent]
    wanted = heard or receivers(own, row.body["type"])
    for url, secret in wanted:
        enqueue(own, event_id, url, secret, "pending", clock.real_now())
    count_pending(scope, event_id)
    return len(wanted)


def silenced(scope: Scope) -> set[str]:
    """Return the secrets of the endpoints for this account's events that were deleted or disabled."""
    connected = connections.find(scope.store, scope.account)
    return {
        row["secret"]
        for owner in {scope.account, connected.platform if connected else scope.account}
        for row in scope.store.rows(
            "SELECT json_extract(hidden, '$.secret') AS secret FROM objects WHERE account = ? "
            "AND kind = 'webhook_endpoint' AND (deleted = 1 OR json_extract(body, '$.status') = 'disabled')",
            owner,
        )
    }


def give_up(scope: Scope, secret: str) -> None:
    """Send nothing more to an endpoint: what it did not take is forgotten, and no event waits for it any longer."""
    waiting = scope.store.rows("SELECT id, event_id FROM deliveries WHERE secret = ? AND state <> 'delivered'", secret)
    for row in waiting:
        scope.store.run("DELETE FROM attempts WHERE delivery_id = ?", row["id"])
        scope.store.run("DELETE FROM deliveries WHERE id = ?", row["id"])
    for event_id in {row["event_id"] for row in waiting}:
        count_pending(scope, event_id)


def count_pending(scope: Scope, event_id: str) -> None:
    """Bring `pending_webhooks` up to date: endpoints that never took the event."""
    scope.store.run(
        "UPDATE objects SET body = json_set(body, '$.pending_webhooks', "
        "(SELECT count(DISTINCT url) FROM deliveries AS d WHERE event_id = objects.id AND NOT EXISTS "
        "(SELECT 1 FROM deliveries AS e WHERE e.event_id = d.event_id AND e.url = d.url AND e.state = 'delivered'))) "
        "WHERE id = ? AND kind = 'event'",
        event_id,
    )
