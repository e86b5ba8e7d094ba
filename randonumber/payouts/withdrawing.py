"""Binds withdrawals to the cores: their calls, events, rows of Stripe's book, checks, sweep and section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import calls, hooks, reconciliation, sweeps
from randonumber.calls import Operation
from randonumber.ledger.checks import register as register_checks
from randonumber.payouts import postings, withdrawal_jobs, withdrawal_sections
from randonumber.payouts.handlers import transfers
from randonumber.payouts.service.withdrawals import sending
from randonumber.payouts.withdrawal_checks import WITHDRAWAL_CHECKS

if TYPE_CHECKING:
    from flask import Flask

TRANSFER: Final = Operation(
    name=sending.CREATE,
    of=sending.PREFIX,
    sending=sending.sending,
    unsent=sending.unsent,
    settled=sending.settled,
    refused=sending.refused,
    find=sending.find,
    check=sending.check,
)


def init_app(app: Flask) -> None:
    """Register with the cores what withdrawals know and want to know."""
    calls.register(app, TRANSFER)
    transfers.init_app(app)
    for prefix in postings.PREFIXES:
        reconciliation.register_claim(app, prefix, postings)
    register_checks(*WITHDRAWAL_CHECKS)
    sweeps.register(app, "withdrawals", withdrawal_jobs.sweep_all)
    hooks.add_section(app, withdrawal_sections.SECTION)
