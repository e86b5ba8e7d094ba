"""Storing events: each id once, with its job, in the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Flask, current_app
from sqlalchemy import text

from randonumber import clock
from randonumber.inbox.registry import handlers_of, knows_account
from randonumber.jobs import enqueue

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.inbox.envelope import Envelope

_INSERT: Final = text(
    """
    INSERT INTO inbox_events (id, type, object_id, stripe_account, livemode, body, created_at, received_at,
                              status, reason, due_at, closed_at)
    VALUES (:id, :type, :object_id, :account, :livemode, :body, :created_at, :now,
            :status, :reason, :due_at, :closed_at)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
    """
)
"""As text, since this is the one statement between Stripe and its 200: built anew each time it cost half of that."""


def store(session: Session, envelope: Envelope) -> bool:
    """Store an event and its job, and return whether it was new. Never commits.

    Events of the other mode, of an account that is not connected here, and of a type that nobody handles are kept as
    `ignored`: `inbox replay` can still take them up.
    """
    reason = why_ignored(session, current_app, envelope)
    now = clock.now()
    is_new = session.execute(
        _INSERT,
        {
            "id": envelope.id,
            "type": envelope.type,
            "object_id": envelope.object_id,
            "account": envelope.account,
            "livemode": envelope.livemode,
            "body": envelope.body,
            "created_at": envelope.created_at,
            "now": now,
            "status": "ignored" if reason else "pending",
            "reason": reason,
            "due_at": None if reason else now,
            "closed_at": now if reason else None,
        },
    ).first()
    if is_new is not None and reason is None:
        enqueue(session, "inbox.dispatch", event_id=envelope.id)
    return is_new is not None


def why_ignored(session: Session, app: Flask, envelope: Envelope) -> str | None:
    """Return why an event has no effect here, or None when it may have one."""
    if envelope.livemode != app.extensions["config"].livemode:
        return "another mode"
    if envelope.account is not None and not knows_account(session, app, envelope.account):
        return "an unknown account"
    if not handlers_of(app, envelope.type):
        return "nobody handles this type"
    return None
