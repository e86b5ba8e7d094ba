"""The books are checked while they are used: what was touched every minute, everything every night."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from randonumber import clock
from randonumber.database import transaction
from randonumber.jobs import periodic
from randonumber.ledger import alarms, checks

LOOK_BACK: Final = timedelta(minutes=5)
"""Longer than the minute between two runs: a run that is late or falls out leaves no gap."""


@periodic("ledger.check_recent", "* * * * *")
def check_recent() -> None:
    """Check the accounts that were touched lately."""
    recent()


@periodic("ledger.check_all", "43 3 * * *")
def check_all() -> None:
    """Run every invariant."""
    everything()


def recent() -> None:
    """Check the accounts that were touched lately, what is quick to check, and whatever is known to be broken.

    A violation is an alarm and a bar on withdrawals; what was broken and is whole again lifts it.
    """
    with transaction() as session:
        alarms.keep(session, checks.run_recent(session, clock.now() - LOOK_BACK))
        whole = [*checks.run_quick(session), *checks.run(session, ids=alarms.standing(session))]
        alarms.keep(session, whole)
        alarms.lift(session, whole)


def everything() -> None:
    """Run every invariant. A violation is an alarm and a bar on withdrawals; what is whole again lifts it."""
    with transaction() as session:
        alarms.look(session)
