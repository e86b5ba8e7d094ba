"""Stopping the queue: a key that Stripe does not accept (401, 403) must not be tried with every call.

A stop belongs to one key, known by its fingerprint, and one account: a new key goes on at once. After a minute one
call tries again, since the same key may have been given its rights back.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.calls.models import StripeStop
from randonumber.calls.rules import DENIED_WAIT_SECONDS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def is_stopped(session: Session, stripe_account: str | None, now: datetime) -> bool:
    """Whether calls of this account must wait. The one that comes when it is time again takes the try for itself."""
    query = select(StripeStop).where(StripeStop.scope == _scope(stripe_account)).with_for_update(key_share=True)
    stop = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if stop is None:
        return False
    if stop.retry_at > now:
        return True
    stop.retry_at = now + timedelta(seconds=DENIED_WAIT_SECONDS)
    return False


def stop(session: Session, stripe_account: str | None, status: int) -> None:
    """Stop the queue of this account for the present key. Never commits."""
    now = clock.now()
    retry_at = now + timedelta(seconds=DENIED_WAIT_SECONDS)
    row = {"scope": _scope(stripe_account), "status": status, "stopped_at": now, "retry_at": retry_at}
    changes = {"status": status, "retry_at": retry_at}
    statement = insert(StripeStop).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=[StripeStop.scope], set_=changes))


def resume(session: Session, stripe_account: str | None) -> None:
    """Let the queue go on: the key was accepted. Never commits."""
    session.execute(delete(StripeStop).where(StripeStop.scope == _scope(stripe_account)))


def _scope(stripe_account: str | None) -> str:
    key = current_app.extensions["config"].stripe_secret_key or ""
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"{fingerprint}:{stripe_account or 'platform'}"
