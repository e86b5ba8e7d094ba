"""Events made and signed by hand, for what no Stripe and no sandbox would send."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from randonumber.database import transaction

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy import Row
    from werkzeug.test import TestResponse

SECRET = "whsec_sandbox"
URL = "/webhooks/stripe"


def event(event_id: str | None = None, *, kind: str = "test.happened", **changes: Any) -> dict[str, Any]:
    """Return an event as Stripe sends one."""
    return {
        "id": event_id or f"evt_{secrets.token_hex(8)}",
        "object": "event",
        "type": kind,
        "created": int(time.time()),
        "livemode": False,
        "api_version": "2026-08-26.dahlia",
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": {"id": "obj_1", "object": "thing"}},
        **changes,
    }


def sign(body: bytes, *, secret: str = SECRET, age: int = 0, scheme: str = "v1") -> str:
    """Return the header of a body that was signed `age` seconds ago."""
    timestamp = int(time.time()) - age
    return f"t={timestamp},{scheme}={digest(body, timestamp, secret)}"


def digest(body: bytes, timestamp: int, secret: str = SECRET) -> str:
    """Return the signature of a body at a time."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def post(client: FlaskClient, body: Any, header: str | None = None, *, url: str = URL) -> TestResponse:
    """Post an event, or bytes as they are; signed rightly unless a header is given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Stripe-Signature": sign(raw) if header is None else header, "Content-Type": "application/json"}
    return client.post(url, data=raw, headers=headers)


def stored() -> list[Row[Any]]:
    """Return the inbox's rows in the order of their ids."""
    with transaction() as session:
        return list(session.execute(text("SELECT * FROM inbox_events ORDER BY id")))
