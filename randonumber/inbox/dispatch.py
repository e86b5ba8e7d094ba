"""Handing a stored event to its handlers, and its effect to the database, exactly once."""

from __future__ import annotations

import json
import logging
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select

from randonumber import clock
from randonumber.database import transaction
from randonumber.failpoints import failpoint
from randonumber.inbox.models import InboxEvent
from randonumber.inbox.registry import Effect, StripeEvent, handlers_of
from randonumber.stripe_gateway import StripeUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

TRIES: Final = 15
"""With the back-off, about an hour and a half: an event that fails so long needs a person."""
LONGEST_WAIT_SECONDS: Final = 600
LONGEST_OUTAGE_WAIT_SECONDS: Final = 60


class Dispatched(StrEnum):
    """What became of one try. POSTPONED: Stripe did not answer, and the event is not to blame."""

    CLOSED = "closed"
    FAILED = "failed"
    POSTPONED = "postponed"


def dispatch(event_id: str) -> Dispatched:
    """Let the handlers of a pending event have their effect, and mark it done in the same transaction.

    Safe to call again, and by several at once: one effect. Whatever a handler raises puts the event off with
    back-off; after the last try it is dead and an alarm is logged. Stripe being down costs no try.
    """
    with transaction() as session:
        row = session.get(InboxEvent, event_id)
        if row is None or row.status != "pending" or not _is_due(row):
            return Dispatched.CLOSED
        event = as_event(row)
    try:
        effects = _ask_handlers(event)
        failpoint("before_effect")
        with transaction() as session:
            _take_effect(session, event, effects)
    except StripeUnavailable as error:
        _put_off(event, f"Stripe: {error.reason}", costs_a_try=False)
        return Dispatched.POSTPONED
    except Exception as error:  # the worker's loop: one poisoned event must not stop the rest
        log.exception("event_handler_failed", extra={"event_id": event.id, "type": event.type})
        _put_off(event, type(error).__name__, costs_a_try=True)
        return Dispatched.FAILED
    return Dispatched.CLOSED


def due_events(session: Session, *, overdue_seconds: int = 0, limit: int = 200) -> list[str]:
    """Return the pending events that have been due for so long, in the order in which Stripe made them."""
    due_at = clock.now() - timedelta(seconds=overdue_seconds)
    is_due = (InboxEvent.status == "pending") & (InboxEvent.due_at <= due_at)
    query = select(InboxEvent.id).where(is_due).order_by(InboxEvent.created_at, InboxEvent.id).limit(limit)
    return list(session.scalars(query))


def replay(session: Session, event_id: str) -> bool:
    """Make an event pending again, and return whether there is one. Its effect is still had only once. Never commits.

    Effects are tied to business keys of their own, so an event that was done changes nothing when it comes again.
    """
    row = _lock(session, event_id)
    if row is None:
        return False
    row.status, row.reason, row.closed_at, row.tries, row.due_at = "pending", None, None, 0, clock.now()
    return True


def as_event(row: InboxEvent) -> StripeEvent:
    """Turn a row into what handlers get."""
    return StripeEvent(
        id=row.id,
        type=row.type,
        object_id=row.object_id,
        account=row.stripe_account,
        livemode=row.livemode,
        created_at=row.created_at,
        data=json.loads(row.body)["data"]["object"],
    )


def _ask_handlers(event: StripeEvent) -> list[Effect]:
    """Call every handler, with no transaction open."""
    answers = [handler(event) for handler in handlers_of(current_app, event.type)]
    return [effect for effect in answers if effect is not None]


def _take_effect(session: Session, event: StripeEvent, effects: list[Effect]) -> None:
    row = _lock(session, event.id)
    if row is None or row.status != "pending":  # another worker was first
        return
    row.status, row.reason = ("done", None) if effects else ("ignored", "not ours")
    row.closed_at, row.due_at = clock.now(), None
    session.flush()
    for effect in effects:
        effect(session)
    log.info("event_done", extra={"event_id": event.id, "type": event.type, "status": row.status})


def _put_off(event: StripeEvent, reason: str, *, costs_a_try: bool) -> None:
    with transaction() as session:
        row = _lock(session, event.id)
        if row is None or row.status != "pending":
            return
        row.reason = reason
        row.due_at = _next_try(row, LONGEST_WAIT_SECONDS if costs_a_try else LONGEST_OUTAGE_WAIT_SECONDS)
        row.tries += costs_a_try
        if row.tries >= TRIES:
            row.status, row.closed_at, row.due_at = "dead", clock.now(), None
            log.error("event_dead", extra={"event_id": row.id, "type": row.type, "reason": reason})


def _next_try(row: InboxEvent, longest_seconds: int) -> datetime:
    """Return when to try again: doubling from 1 s, with jitter that takes off up to half."""
    age = int((clock.now() - row.received_at).total_seconds())
    wait = min(longest_seconds, max(1, 1 << min(row.tries, 20), min(age, longest_seconds) // 2))
    return clock.now() + timedelta(milliseconds=1000 * wait - secrets.randbelow(500 * wait))


def _is_due(row: InboxEvent) -> bool:
    return row.due_at is not None and row.due_at <= clock.now()


def _lock(session: Session, event_id: str) -> InboxEvent | None:
    query = select(InboxEvent).where(InboxEvent.id == event_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()
