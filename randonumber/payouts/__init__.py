"""Paying out: accounts that users connect, and the withdrawals to them (docs/payouts.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import calls, hooks, sweeps
from randonumber.calls import Operation
from randonumber.payouts import account_jobs, account_section, commands, models, views, withdrawing
from randonumber.payouts.blueprint import blueprint
from randonumber.payouts.handlers import accounts as account_handlers
from randonumber.payouts.handlers import payouts as payout_handlers
from randonumber.payouts.service import linking, onboarding

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["account_jobs", "init_app", "models", "views"]
ACCOUNT_OPERATIONS: Final = (
    Operation(
        name=onboarding.CREATE,
        of=linking.PREFIX,
        settled=onboarding.settle,
        refused=onboarding.refuse,
        find=onboarding.find,
    ),
)


def init_app(app: Flask) -> None:
    """Bind the pages, and register with the cores what accounts and withdrawals know and want to know."""
    app.register_blueprint(blueprint)
    commands.init_app(app)
    for operation in ACCOUNT_OPERATIONS:
        calls.register(app, operation)
    account_handlers.init_app(app)
    payout_handlers.init_app(app)
    sweeps.register(app, "payout accounts", account_jobs.sweep_all)
    hooks.add_section(app, account_section.SECTION)
    withdrawing.init_app(app)
