"""Where Stripe posts events: verify, store, 200. Everything else is the worker's."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from flask import Blueprint, current_app, jsonify, request

from randonumber.database import transaction
from randonumber.extensions import csrf
from randonumber.failpoints import failpoint
from randonumber.inbox import envelope, signature
from randonumber.inbox.store import store

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

log = logging.getLogger(__name__)
blueprint = Blueprint("inbox", __name__)
csrf.exempt(blueprint)

LONGEST_BODY: Final = 256 * 1024


@blueprint.post("/webhooks/stripe")
def platform() -> ResponseReturnValue:
    """Take an event of our own account."""
    return _receive("stripe_webhook_secret")


@blueprint.post("/webhooks/stripe/connect")
def connect() -> ResponseReturnValue:
    """Take an event of a connected account."""
    return _receive("stripe_connect_webhook_secret")


def _receive(setting: str) -> ResponseReturnValue:
    """Answer 200 only when the event is safely stored; 400 when it is not Stripe's."""
    request.max_content_length = LONGEST_BODY
    body = request.get_data(cache=False)
    try:
        # The signature speaks of real time, which no test may set.
        signature.verify(body, _header(), _secrets(setting), now_seconds=int(time.time()))
        found = envelope.read_bytes(body)
    except signature.StaleEvent as refusal:
        log.error("webhook_stale", extra={"reason": str(refusal)})  # noqa: TRY400 - our clock may be wrong: an alarm
        return _refuse(refusal)
    except (signature.ForgedEvent, envelope.MalformedEvent) as refusal:
        log.warning("webhook_refused", extra={"reason": str(refusal)})
        return _refuse(refusal)
    with transaction() as session:
        is_new = store(session, found)
    failpoint("after_inbox")
    log.info("webhook_stored", extra={"event_id": found.id, "type": found.type, "new": is_new})
    return jsonify(received=True)


def _refuse(refusal: Exception) -> ResponseReturnValue:
    return jsonify(code="invalid_request", detail=str(refusal)), 400


def _header() -> str:
    return request.headers.get("Stripe-Signature", "")


def _secrets(setting: str) -> list[str]:
    """Return the secrets that count: while one is rolled, the setting holds both, separated by a comma."""
    given: str = getattr(current_app.extensions["config"], setting) or ""
    return [secret.strip() for secret in given.split(",") if secret.strip()]
