"""The mirror of Stripe's own book, and its comparison with ours to the cent.

Every balance transaction of the account becomes one row of the mirror, in the transaction that links it with the
posting of its gross amount and posts its fee. What nobody claims is booked to `unmatched`, so the books are true
while a person finds out what it was. Features say what they know through `register_claim`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber.reconciliation.claims import Claim, register_claim

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["MIRROR_SOON", "Claim", "init_app", "register_claim"]
MIRROR_SOON: Final = "reconciliation.mirror_soon"
"""The job that brings the mirror level: whoever has just posted something at Stripe enqueues it."""


def init_app(app: Flask) -> None:
    """Bind the commands, the jobs and the checks to the app."""
    from randonumber import sweeps
    from randonumber.ledger import checks
    from randonumber.reconciliation import commands, jobs, service
    from randonumber.reconciliation.invariants import MIRROR_CHECKS

    checks.register(*MIRROR_CHECKS)
    sweeps.register(app, "balance transactions", service.sync_mirror)
    commands.init_app(app)
    jobs.init_app()
