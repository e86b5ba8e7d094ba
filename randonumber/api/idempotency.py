"""`Idempotency-Key`: a request that may be sent again and happens once.

An answer that changed something is written in the transaction of its effect, so both stand or neither does. A
refusal writes nothing: the key may be tried again. While a request is being worked on, a lock of the database
that ends with its transaction stands for it, so that nothing is left behind by a process that dies.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from randonumber.database import driver_sql
from randonumber.errors import IdempotencyMismatch, InProgress, InvalidRequest

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection

KEPT_HOURS: Final = 72
_VISIBLE: Final = re.compile(r"[!-~]{1,255}")
PIECE: Final = 1_000
"""So many answers are forgotten in one transaction."""


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """One request that happens once: a user's key for a method and a path, and the body it came with."""

    user_id: int
    method: str
    path: str
    key: str
    body_hash: bytes

    @classmethod
    def of_request(cls, user_id: int, key: str, body: bytes) -> Occasion:
        """Return the occasion of the current request. Its query counts as part of the body."""
        body_hash = hashlib.sha256(request.query_string + b"\n" + body).digest()
        return cls(user_id=user_id, method=request.method, path=request.path, key=key, body_hash=body_hash)

    @property
    def scope(self) -> dict[str, Any]:
        """What the key is unique within."""
        return {"user_id": self.user_id, "method": self.method, "path": self.path, "key": self.key}


def header() -> str | None:
    """Return the request's Idempotency-Key, or None; raises InvalidRequest when it is not 1 to 255 visible letters."""
    key = request.headers.get("Idempotency-Key")
    if key is None or _VISIBLE.fullmatch(key):
        return key
    message = "Idempotency-Key: 1 to 255 visible ASCII characters are needed."
    raise InvalidRequest(message)


# Two statements: one that waits for nothing and holds the key to the end of the transaction, and one whose
# snapshot is taken after that, and so sees whatever the last holder committed.
_HOLD: Final = driver_sql("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 7)) AS is_held")
_STORED: Final = driver_sql("""
    SELECT body_hash, status, content_type, body FROM idempotency_keys
     WHERE user_id = :user_id AND method = :method AND path = :path AND key = :key
""")
_KEEP: Final = driver_sql("""
    INSERT INTO idempotency_keys (user_id, method, path, key, body_hash, status, content_type, body)
    VALUES (:user_id, :method, :path, :key, :body_hash, :status, :content_type, :body)
""")
_FORGET: Final = driver_sql("""
    DELETE FROM idempotency_keys
     WHERE ctid = ANY (ARRAY (SELECT ctid FROM idempotency_keys
                               WHERE created_at < cast(:now AS timestamptz) - make_interval(hours => :hours)
                               LIMIT :piece))
""")


def claim(connection: Connection[Any], occasion: Occasion) -> Response | None:
    """Hold the key until the transaction ends; return the stored answer if there is one. Never commits.

    Raises InProgress while another request holds the key, IdempotencyMismatch when the stored answer is that to
    another body.
    """
    name = f"{occasion.user_id} {occasion.method} {occasion.path} {occasion.key}"
    held = connection.execute(_HOLD, {"name": name}).fetchone()
    if held is None or not held[0]:
        message = "A request with this Idempotency-Key is being worked on; send it again in a moment."
        raise InProgress(message, headers={"Retry-After": "1"})
    stored = connection.execute(_STORED, occasion.scope).fetchone()
    if stored is None:
        return None
    body_hash, status, content_type, body = stored
    if body_hash != occasion.body_hash:
        message = "This Idempotency-Key was used with another body; take a new key for a new request."
        raise IdempotencyMismatch(message)
    response = Response(body, status=status, content_type=content_type)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def keep(connection: Connection[Any], occasion: Occasion, response: Response) -> None:
    """Store an answer in the transaction of its effect. Never commits; `claim` came first."""
    answer = {
        "body_hash": occasion.body_hash,
        "status": response.status_code,
        "content_type": response.content_type,
        "body": response.get_data(),
    }
    connection.execute(_KEEP, occasion.scope | answer)


def forget(connection: Connection[Any], now: datetime) -> int:
    """Delete up to PIECE answers that are older than KEPT_HOURS, and return how many. Never commits."""
    return connection.execute(_FORGET, {"hours": KEPT_HOURS, "piece": PIECE, "now": now}).rowcount
