"""The inbox's jobs: one for each stored event, a sweep over those that are due again, and a look at Stripe's list."""

from __future__ import annotations

import logging
from typing import Final

from randonumber.database import transaction
from randonumber.inbox import dispatch as dispatching
from randonumber.inbox import sweeping
from randonumber.jobs import job, periodic
from randonumber.stripe_gateway import StripeUnavailable

log = logging.getLogger(__name__)

OVERDUE_SECONDS: Final = 3
"""An event that has just been stored is left to its own job."""
OUTAGES_IN_A_ROW: Final = 3


@job("inbox.dispatch")
def dispatch(event_id: str) -> None:
    """Give one event to its handlers."""
    dispatching.dispatch(event_id)


@periodic("inbox.dispatch_due", "* * * * * */5")
def dispatch_due() -> None:
    """Give every event that is due again to its handlers."""
    dispatch_all_due(overdue_seconds=OVERDUE_SECONDS)


@periodic("inbox.sweep", "*/3 * * * *")
def sweep() -> None:
    """Fetch what the webhook never got. Stripe being down is no failure: the next run makes up for it."""
    try:
        sweeping.sweep()
    except StripeUnavailable as error:
        log.warning("inbox_sweep_postponed", extra={"reason": error.reason})


def dispatch_all_due(*, overdue_seconds: int = 0) -> int:
    """Dispatch every event that has been due for so long; return how many. Ends early while Stripe is down."""
    with transaction() as session:
        due = dispatching.due_events(session, overdue_seconds=overdue_seconds)
    outages = 0
    for tried, event_id in enumerate(due, start=1):
        outages = outages + 1 if dispatching.dispatch(event_id) is dispatching.Dispatched.POSTPONED else 0
        if outages >= OUTAGES_IN_A_ROW:
            return tried
    return len(due)
