"""What a person may do with a call: make it due, or close it after a look at Stripe. Nothing here commits or calls out.

Whoever closes a call knows what is true at Stripe: it will never be sent again, and what a process that is still at it
brings back is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import func, select

from randonumber import clock
from randonumber.calls.journal import lock_newest
from randonumber.calls.models import StripeCall
from randonumber.calls.rules import OPEN, STICKY_AFTER, Status

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def find(session: Session, operation: str, ref: str) -> int | None:
    """Return the id of the newest attempt of this operation for `ref`; None when none was ever planned."""
    is_ours = (StripeCall.operation == operation) & (StripeCall.ref == ref)
    return session.scalar(select(StripeCall.id).where(is_ours).order_by(StripeCall.attempt.desc()).limit(1))


def retry(session: Session, call_id: int) -> bool:
    """Make a call due now; False when it is closed. Never commits.

    One that waits for a person, since its key was used with other parameters, is looked up at Stripe first, after the
    quiet time, and goes out again only when nothing is there: under the next key.
    """
    row = lock_newest(session, call_id)
    if Status(row.status) not in OPEN:
        return False
    if row.due_at is None:
        row.server_errors = STICKY_AFTER
    row.due_at = clock.now()
    return True


def is_quiet(session: Session, call_id: int, looked_at: datetime) -> bool:
    """Whether no request of a call, by any of its attempts, could still be on its way at that moment."""
    row = lock_newest(session, call_id)
    is_ours = (StripeCall.operation == row.operation) & (StripeCall.ref == row.ref)
    last = session.scalar(select(func.max(StripeCall.last_sent_at)).where(is_ours))
    quiet_seconds: int = current_app.extensions["config"].stripe_quiet_seconds
    return last is None or (looked_at - last).total_seconds() >= quiet_seconds


def call_off(session: Session, call_id: int, *, looked_at: datetime) -> bool:
    """Close a call of which nothing was found at Stripe at `looked_at`; nothing sends it any more. Never commits.

    False when a request of it may have been on its way then: what was not there may yet come.
    """
    if not is_quiet(session, call_id, looked_at):
        return False
    row = lock_newest(session, call_id)
    if Status(row.status) in OPEN:
        row.status, row.closed_at, row.due_at = Status.VOID, clock.now(), None
    return True


def conclude(session: Session, call_id: int, result_id: str) -> None:
    """Close a call whose object was found at Stripe, so that nothing sends it any more. Never commits.

    One that this database has never sent, since it is a restored backup, is void.
    """
    row = lock_newest(session, call_id)
    if Status(row.status) in OPEN:
        row.status = Status.VOID if row.first_sent_at is None else Status.OK
        row.result_id, row.closed_at, row.due_at = result_id, clock.now(), None
