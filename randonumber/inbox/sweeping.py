"""Events that never reached the webhook are fetched from Stripe's list, which goes back 30 days."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.database import transaction
from randonumber.inbox import envelope
from randonumber.inbox.models import InboxEvent, InboxSweep
from randonumber.inbox.store import store
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import Event

log = logging.getLogger(__name__)

OVERLAP_SECONDS: Final = 3600
"""Read this much again: clocks differ, and an event may be listed a little after its time."""
LISTED_DAYS: Final = 30
PORTION: Final = 100


def sweep(*, everything: bool = False) -> int:
    """Store every event of Stripe's list that the inbox does not have, and return how many were missing.

    Reads from where the last sweep began, or all 30 days that Stripe lists when `everything` is set; never what is
    older than this installation. Opens transactions of its own. Raises StripeUnavailable.
    """
    began = clock.now()
    with transaction() as session:
        since = _born_at(session) if everything else _read_since(session)
    events = gateway().list_events(max(since, began - timedelta(days=LISTED_DAYS)))
    missing = sum(_store(events[start : start + PORTION]) for start in range(0, len(events), PORTION))
    with transaction() as session:
        _remember(session, began - timedelta(seconds=OVERLAP_SECONDS))
    if missing:
        log.warning("inbox_sweep_found_missing", extra={"missing": missing, "listed": len(events)})
    return missing


def _store(events: Sequence[Event]) -> int:
    """Store a portion of events in one transaction; return how many were new."""
    with transaction() as session:
        known = set(session.scalars(select(InboxEvent.id).where(InboxEvent.id.in_([event.id for event in events]))))
        new = [event for event in events if event.id not in known]
        return sum(_store_one(session, event) for event in new)


def _store_one(session: Session, event: Event) -> bool:
    """Store an event; one that cannot be read is told of and must not hold up the others."""
    try:
        found = envelope.read(dict(event.payload))
    except envelope.MalformedEvent as error:
        log.error("inbox_sweep_skipped", extra={"event_id": event.id, "reason": str(error)})  # noqa: TRY400
        return False
    return store(session, found)


def _born_at(session: Session) -> datetime:
    born_at: datetime = session.execute(text("SELECT created_at FROM installation")).scalar_one()
    return born_at


def _read_since(session: Session) -> datetime:
    row = session.get(InboxSweep, _scope())
    return row.swept_until if row else _born_at(session)


def _remember(session: Session, until: datetime) -> None:
    values = {"scope": _scope(), "swept_until": until}
    statement = insert(InboxSweep).values(values)
    changes = {"swept_until": until}
    session.execute(statement.on_conflict_do_update(index_elements=[InboxSweep.scope], set_=changes))


def _scope() -> str:
    """Name the list that was read: a sandbox, test mode and live mode are three."""
    config = current_app.extensions["config"]
    return config.stripe_api_base or ("live" if config.livemode else "test")
