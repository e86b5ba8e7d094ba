"""The books are checked while they are used: what was touched every minute, everything every night."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from randonumber import clock
from randonumber.database import transaction
from randonumber.jobs import periodic
from randonumber.ledger import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from randonumber.ledger.checks import CheckResult

log = logging.getLogger(__name__)

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
    """Check the accounts that were touched lately; a violation is an alarm."""
    with transaction() as session:
        raise_alarms(checks.run_recent(session, clock.now() - LOOK_BACK))


def everything() -> None:
    """Run every invariant; a violation is an alarm."""
    with transaction() as session:
        raise_alarms(checks.run(session))


def raise_alarms(results: Sequence[CheckResult]) -> None:
    """Log an alarm for each invariant that does not hold."""
    for result in results:
        if not result.holds:
            log.critical("invariant_broken", extra={"check": result.id, "title": result.title, "count": result.count})
