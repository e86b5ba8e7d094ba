"""`Idempotency-Key`: the first result is kept, a 500 too, and given again to the same request.

https://docs.stripe.com/api/idempotent_requests: keys have up to 255 characters and may be removed after 24 hours, which
are real ones here, since a client that sends again knows no others; only what began to run is kept; other parameters
under the same key are an error; so is a key whose first request still runs.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from randonumber.sandbox import clock
from randonumber.sandbox.scope import Sandbox, Scope
from randonumber.sandbox.wire.errors import Unchecked, fields, unchecked

LONGEST_KEY = 255
KEY_SECONDS = 24 * 60 * 60
FORGET = "DELETE FROM idempotency WHERE real_at + seconds < ?"  # by its index, however many keys are kept


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A stored answer."""

    status: int
    body: str
    request_id: str


def check(key: str) -> None:
    """Refuse an unusable key."""
    if len(key) > LONGEST_KEY:
        raise unchecked(f"Idempotency keys can be at most {LONGEST_KEY} characters long, you passed {len(key)}.")
    if not key.strip():
        raise unchecked("Idempotency Key must be a non-empty string.")


def fingerprint(method: str, path: str, params: dict[str, Any]) -> str:
    """Return what must be equal under one key: the address, a space, and a digest of the method and the parameters."""
    text = json.dumps([method, params], sort_keys=True)
    return f"{path} {hashlib.sha256(text.encode()).hexdigest()}"


def claim(sandbox: Sandbox, account: str, key: str) -> None:
    """Take a key, or be refused with 409 `idempotency_key_in_use`."""
    with sandbox.in_flight_lock:
        if (account, key) in sandbox.in_flight:
            raise in_use()
        sandbox.in_flight.add((account, key))


def release(sandbox: Sandbox, account: str, key: str) -> None:
    """Let go of a key."""
    with sandbox.in_flight_lock:
        sandbox.in_flight.discard((account, key))


def in_use() -> Unchecked:
    """Stripe's 409."""
    return unchecked(
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        "twice, and the other request is still going through).  Please try again later.",
        code="idempotency_key_in_use",
        status=409,
    )


def forget_the_old(scope: Scope) -> None:
    """Drop what no request could meet any more."""
    scope.store.run(FORGET, clock.real_now())


def recall(scope: Scope, key: str, print_: str) -> Kept | None:
    """Return the answer kept under a key, or None for a new one. Raises Refused when the parameters differ."""
    row = scope.store.row("SELECT * FROM idempotency WHERE account = ? AND key = ?", scope.account, key)
    if row is None:
        return None
    if clock.real_now() - row["real_at"] > row["seconds"]:
        scope.store.run("DELETE FROM idempotency WHERE account = ? AND key = ?", scope.account, key)
        return None
    if row["fingerprint"] != print_:
        message = mismatch(key, address(row["fingerprint"]), address(print_))
        raise Unchecked(400, fields(message, param=None, code=None, kind="idempotency_error"))
    return Kept(status=row["status"], body=row["body"], request_id=row["request_id"])


def address(print_: str) -> str:
    """Return the address in a fingerprint."""
    return print_.rpartition(" ")[0]


def mismatch(key: str, first: str, now: str) -> str:
    """Stripe's sentence for a key used twice, with other parameters or at another address."""
    rule = (
        "with the same parameters they were first used with"
        if first == now
        else f"for the same endpoint they were first used for ('{now}' vs '{first}')"
    )
    return (
        f"Keys for idempotent requests can only be used {rule}. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )


def keep(scope: Scope, key: str, print_: str, answer: Kept, *, seconds: float = KEY_SECONDS) -> None:
    """Store an answer under its key, in the transaction of its effect."""
    scope.store.run(
        "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        scope.account, key, print_, answer.request_id, answer.status, answer.body,
        clock.real_now(), scope.now, seconds,
    )  # fmt: skip
