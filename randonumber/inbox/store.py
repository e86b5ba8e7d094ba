"""Storing events: each id once, with its job, in the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.inbox.models import InboxEvent
from randonumber.inbox.registry import handlers_of, knows_account
from randonumber.jobs import enqueue

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.inbox.envelope import Envelope


def store(session: Session, envelope: Envelope) -> bool:
    """Store an event and its job, and return whether it was new. Never commits.

    Events of the other mode, of an account that is not connected here, and of a type that nobody handles are kept as
    `ignored`: `inbox replay` can still take them up.
    """
    reason = why_ignored(session, current_app, envelope)
    now = clock.now()
    values = {
        "id": envelope.id,
        "type": envelope.type,
        "object_id": envelope.object_id,
        "stripe_account": envelope.account,
        "livemode": envelope.livemode,
        "body": envelope.body,
        "created_at": envelope.created_at,
        "received_at": now,
        "status": "ignored" if reason else "pending",
        "reason": reason,
        "due_at": None if reason else now,
        "closed_at": now if reason else None,
    }
    statement = insert(InboxEvent).values(values).on_conflict_do_nothing(index_elements=[InboxEvent.id])
    is_new = session.scalar(statement.returning(InboxEvent.id)) is not None
    if is_new and reason is None:
        enqueue(session, "inbox.dispatch", event_id=envelope.id)
    return is_new


def why_ignored(session: Session, app: Flask, envelope: Envelope) -> str | None:
    """Return why an event has no effect here, or None when it may have one."""
    if envelope.livemode != app.extensions["config"].livemode:
        return "another mode"
    if envelope.account is not None and not knows_account(session, app, envelope.account):
        return "an unknown account"
    if not handlers_of(app, envelope.type):
        return "nobody handles this type"
    return None
