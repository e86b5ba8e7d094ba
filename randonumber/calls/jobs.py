"""The journal's jobs: each planned call has one, should its process die; a sweep drives whatever is due."""

from __future__ import annotations

import logging
from typing import Final

from randonumber.calls import journal
from randonumber.calls.driver import Outcome, drive_due
from randonumber.database import transaction
from randonumber.jobs import job, periodic

log = logging.getLogger(__name__)

UNKNOWN_IN_A_ROW: Final = 3
"""After so many calls without a result Stripe is most likely down: the round ends, the next one begins soon."""


@job("calls.drive")
def drive_later(call_id: int) -> None:
    """Drive one call, if it is still due."""
    _drive(call_id)


@periodic("calls.sweep", "* * * * * */5")
def sweep() -> None:
    """Drive every call whose time has come."""
    drive_all_due()


def drive_all_due() -> int:
    """Drive every call whose time has come, and return how many were tried."""
    with transaction() as session:
        due = journal.due_calls(session)
    unknown = 0
    for tried, call_id in enumerate(due, start=1):
        unknown = unknown + 1 if _drive(call_id) is Outcome.UNKNOWN else 0
        if unknown >= UNKNOWN_IN_A_ROW:
            log.warning("stripe_calls_sweep_cut_short", extra={"left": len(due) - tried})
            return tried
    return len(due)


def _drive(call_id: int) -> Outcome:
    """Drive one call. A bug in what a feature does with the answer puts this call off, and no other."""
    try:
        return drive_due(call_id)
    except Exception as error:  # the worker's loop: one call must not stop the rest
        log.exception("stripe_call_handling_failed", extra={"call": call_id})
        with transaction() as session:
            journal.postpone(session, call_id, f"handling failed: {type(error).__name__}")
        return Outcome.UNKNOWN
