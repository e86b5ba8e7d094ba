"""The journal's rows: planning a call, taking it under a lease, closing it. Nothing here commits or calls out."""

from __future__ import annotations

import json
import logging
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.calls import rules, stops
from randonumber.calls.models import Installation, StripeCall
from randonumber.calls.operations import Call, get_operation
from randonumber.calls.rules import Limits, State, Status, Step
from randonumber.jobs import enqueue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

HANDOVER_SECONDS: Final = 3
"""The process that plans a call drives it at once; after this long the worker takes it for dead."""
STOPPED_SECONDS: Final = 10
EAGER_SECONDS: Final = 1
"""A person who asks again makes an unknown call due, but not more often than this."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to act on an attempt: writes are taken only while `number` is still the row's."""

    call: Call
    state: State
    step: Step
    number: int
    looks_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Nothing can be done with the call now. `is_busy`: somebody else holds its lease."""

    status: Status
    is_busy: bool = False


def plan(
    session: Session, *, operation: str, ref: str, params: Mapping[str, Any], stripe_account: str | None = None
) -> int:
    """Write down an outbound write with its parameters, frozen from now on, and return the call's id.

    Never commits. `ref` is what the write is for, such as `pur_…`; it is put into `metadata[ref]` when the operation
    can be looked up. While a call of this operation and ref is open, that call is returned, with its own parameters;
    after it was closed, the next attempt begins under a new key. A job drives the call should this process die.
    """
    given = dict(params)
    registered = get_operation(current_app, operation, ref)
    if registered.find is not None and registered.is_marked:
        given["metadata"] = {**given.get("metadata", {}), "ref": ref}
    text = json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return _insert(session, operation, ref, text, stripe_account, due_in=timedelta(seconds=HANDOVER_SECONDS))


def take(session: Session, call_id: int, *, is_eager: bool, limits: Limits, lease_seconds: int) -> Lease | Idle:
    """Take the newest attempt of a call under a lease, if something can be done with it now. Never commits.

    An eager caller, a person who waits, need not wait for the back-off.
    """
    row = lock_newest(session, call_id)
    now = clock.now()
    status = Status(row.status)
    if status not in rules.OPEN:
        return Idle(status=status)
    if row.lease_until is not None and row.lease_until > now:
        return Idle(status=status, is_busy=True)
    following = rules.next_step(_state(row), now, limits)
    if following.step is Step.WAIT:
        row.due_at = following.wait_until
        return Idle(status=status)
    if not _is_due(row, now, is_eager=is_eager):
        return Idle(status=status)
    if stops.is_stopped(session, row.stripe_account, now):
        row.due_at = now + timedelta(seconds=STOPPED_SECONDS)  # not for ever the longest overdue, before all others
        return Idle(status=status)
    if following.step is Step.SEND:
        _tell_sending(session, row)
    looks_first = rules.looks_first(_state(row), now, limits)
    return _lease(row, following.step, now, lease_seconds, looks_first=looks_first)


def cancel(session: Session, call_id: int) -> bool:
    """Close a call that was never sent, or waits for funds; whether that was so. Never commits.

    The journal's row is locked before anything that it is for: a canceller locks that afterwards.
    """
    row = lock_newest(session, call_id)
    if Status(row.status) is not Status.PLANNED:
        return False
    row.status, row.closed_at, row.due_at = Status.VOID, clock.now(), None
    return True


def hurry(session: Session, operation: str) -> int:
    """Make every call of this operation due that was not sent yet, and return how many. Never commits."""
    waiting = update(StripeCall).where(StripeCall.operation == operation, StripeCall.status == Status.PLANNED)
    moved = session.execute(waiting.values(due_at=clock.now()).returning(StripeCall.id)).scalars().all()
    return len(moved)


def hold(session: Session, lease: Lease) -> StripeCall | None:
    """Lock the leased row for writing and give the lease back; None when the lease has passed to somebody else."""
    row = _lock(session, lease.call.id)
    if row.lease_number != lease.number or row.status != Status.SENT:
        log.warning("stripe_call_late_write_refused", extra={"call": row.id, "lease": lease.number})
        return None
    row.lease_owner = row.lease_until = None
    return row


def renew(session: Session, lease: Lease, *, lease_seconds: int) -> bool:
    """Let a lease and its request count from now; False when it has passed to somebody else. Never commits."""
    row = _lock(session, lease.call.id)
    if row.lease_number != lease.number or row.status != Status.SENT:
        return False
    row.last_sent_at = clock.now()
    row.lease_until = row.due_at = row.last_sent_at + timedelta(seconds=lease_seconds)
    return True


def put_back(session: Session, row: StripeCall, *, due_in_ms: int) -> None:
    """Let an attempt of which no request went out be planned again, as if it had not been taken. Never commits."""
    row.status, row.first_sent_at, row.last_sent_at = Status.PLANNED, None, None
    row.sends -= 1
    row.due_at = clock.now() + timedelta(milliseconds=due_in_ms)
    session.flush()


def begin_next_attempt(session: Session, row: StripeCall, *, due_in_ms: int) -> int:
    """Close an attempt that never happened, and return the id of the one that follows, with the same parameters."""
    row.status, row.closed_at, row.due_at = Status.VOID, clock.now(), None
    session.flush()
    delay = timedelta(milliseconds=due_in_ms)
    return _insert(
        session, row.operation, row.ref, row.params, row.stripe_account, due_in=delay, planned_at=row.planned_at
    )


def due_calls(session: Session, *, limit: int = 100) -> list[int]:
    """Return the open calls whose time has come, longest overdue first."""
    now = clock.now()
    is_open = StripeCall.status.in_(sorted(rules.OPEN))
    query = select(StripeCall.id).where(is_open, StripeCall.due_at <= now).order_by(StripeCall.due_at).limit(limit)
    return list(session.scalars(query))


def postpone(session: Session, call_id: int, reason: str) -> None:
    """Put a call off whose handling raised: it is our bug, and must not hold up the others. Never commits."""
    row = lock_newest(session, call_id)
    if Status(row.status) in rules.OPEN:
        row.due_at = clock.now() + timedelta(milliseconds=rules.back_off_ms(row.failures))
        row.failures += 1
        row.last_error = row.alarm = reason


def _insert(
    session: Session,
    operation: str,
    ref: str,
    params: str,
    stripe_account: str | None,
    *,
    due_in: timedelta,
    planned_at: datetime | None = None,
) -> int:
    is_ours = (StripeCall.operation == operation) & (StripeCall.ref == ref)
    columns = select(StripeCall.id, StripeCall.attempt, StripeCall.status)
    newest = columns.where(is_ours).order_by(StripeCall.attempt.desc()).limit(1)
    stands = session.execute(newest).one_or_none()
    # An open attempt is found here and not by the insert below, which would wait for whoever closes it just now; and
    # who closes it may wait for a lock that the caller holds.
    if stands is not None and Status(stands.status) in rules.OPEN:
        return int(stands.id)
    attempt = (stands.attempt if stands is not None else 0) + 1
    install = session.scalars(select(Installation.key)).one()
    now = clock.now()
    values = {
        "operation": operation,
        "ref": ref,
        "attempt": attempt,
        "key": f"{install}:{operation}:{ref}:{attempt}",
        "params": params,
        "stripe_account": stripe_account,
        "planned_at": planned_at or now,
        "due_at": now + due_in,
    }
    statement = insert(StripeCall).values(values).on_conflict_do_nothing().returning(StripeCall.id)
    call_id = session.scalar(statement)
    if call_id is None:  # another has begun it in this moment: its parameters stand
        return int(session.execute(newest).one().id)
    from randonumber.calls.jobs import drive_later

    enqueue(session, drive_later, delay_seconds=max(1, int(due_in.total_seconds())), call_id=call_id)
    return call_id


def _lock(session: Session, call_id: int) -> StripeCall:
    query = select(StripeCall).where(StripeCall.id == call_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def lock_newest(session: Session, call_id: int) -> StripeCall:
    """Lock the call; one that never happened is followed by its newest attempt."""
    row = _lock(session, call_id)
    if row.status != Status.VOID:
        return row
    is_same = (StripeCall.operation == row.operation) & (StripeCall.ref == row.ref)
    newest = select(StripeCall.id).where(is_same).order_by(StripeCall.attempt.desc()).limit(1)
    return _lock(session, session.scalars(newest).one())


def _is_due(row: StripeCall, now: datetime, *, is_eager: bool) -> bool:
    if row.due_at is None:  # stays until an operator acts
        return False
    if row.due_at <= now:
        return True
    rested_at = now - timedelta(seconds=EAGER_SECONDS)
    return is_eager and (row.last_sent_at is None or row.last_sent_at <= rested_at)


def _lease(row: StripeCall, step: Step, now: datetime, lease_seconds: int, *, looks_first: bool) -> Lease:
    state = _state(row)
    if step is Step.SEND:
        row.status = Status.SENT
        row.sends += 1
        row.first_sent_at = row.first_sent_at or now
        row.last_sent_at = now
    row.lease_owner = f"{socket.gethostname()}:{os.getpid()}"
    row.lease_until = row.due_at = now + timedelta(seconds=lease_seconds)
    row.lease_number += 1
    return Lease(call=_call(row), state=state, step=step, number=row.lease_number, looks_first=looks_first)


def _tell_sending(session: Session, row: StripeCall) -> None:
    """Let the feature know that this attempt goes out now for the first time."""
    sending = get_operation(current_app, row.operation, row.ref).sending
    if sending is not None and row.first_sent_at is None:
        sending(session, _call(row))


def _call(row: StripeCall) -> Call:
    return Call(
        id=row.id,
        operation=row.operation,
        ref=row.ref,
        attempt=row.attempt,
        key=row.key,
        params=json.loads(row.params),
        stripe_account=row.stripe_account,
    )


def _state(row: StripeCall) -> State:
    return State(
        status=Status(row.status),
        failures=row.failures,
        server_errors=row.server_errors,
        server_error_status=row.server_error_status,
        planned_at=row.planned_at,
        first_sent_at=row.first_sent_at,
        last_sent_at=row.last_sent_at,
    )
