"""The mirror's jobs: level within a minute, compared every night."""

from __future__ import annotations

import logging

from randonumber.jobs import job, periodic
from randonumber.reconciliation import MIRROR_SOON, service
from randonumber.reconciliation.contact import UnsteadyBook
from randonumber.stripe_gateway import StripeUnavailable

log = logging.getLogger(__name__)


def init_app() -> None:
    """Declare the jobs: importing this module has done it."""


@job(MIRROR_SOON)
def mirror_soon() -> None:
    """Bring the mirror level; whoever has just posted something at Stripe asks for it."""
    mirror()


@periodic("reconciliation.mirror", "* * * * *")
def mirror_every_minute() -> None:
    """Bring the mirror level."""
    mirror()


@periodic("reconciliation.reconcile", "17 3 * * *")
def reconcile_every_night() -> None:
    """Compare the books with Stripe's."""
    reconcile()


def mirror() -> None:
    """Sync, and leave it to the next minute when Stripe does not answer or its book does not hold still."""
    try:
        service.sync_mirror()
    except (StripeUnavailable, UnsteadyBook) as error:
        log.warning("mirror_put_off", extra={"reason": type(error).__name__})


def reconcile() -> None:
    """Compare the books with Stripe's, and raise an alarm when they differ."""
    try:
        report = service.reconcile()
    except (StripeUnavailable, UnsteadyBook) as error:
        log.warning("reconciliation_put_off", extra={"reason": type(error).__name__})
        return
    if not report.agrees:
        log.critical(
            "reconciliation_difference", extra={"difference": report.difference, "differing": report.differing[:20]}
        )
