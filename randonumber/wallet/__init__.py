"""The wallet: money that is topped up, shown with every movement, and spent (docs/wallet.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import calls, hooks, payments, sweeps
from randonumber.calls import Operation
from randonumber.ledger.checks import register as register_checks
from randonumber.wallet import handlers, jobs, models, postings, topup_section, views
from randonumber.wallet.blueprint import blueprint
from randonumber.wallet.checks import CHECKS
from randonumber.wallet.sections import SECTIONS
from randonumber.wallet.service import card_paying, refreshing, rows, sessions

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["init_app", "jobs", "models", "views"]
TOPUPS: Final = "top_"
OPERATIONS: Final = (
    Operation(name=sessions.CREATE, of=TOPUPS, settled=sessions.settle, refused=sessions.refuse, find=sessions.find),
    Operation(name=sessions.EXPIRE, of=TOPUPS, settled=sessions.settle_closing, refused=sessions.refuse_closing),
    Operation(
        name=card_paying.CREATE,
        of=TOPUPS,
        settled=card_paying.settle,
        refused=card_paying.refuse,
        find=card_paying.find,
    ),
)
PAYMENTS: Final = payments.Owner(
    prefix=TOPUPS,
    key="topup_ref",
    is_known=rows.is_known,
    effect_of_session=refreshing.effect_of_session,
    effect_of_intent=refreshing.effect_of_intent,
    find_posting=postings.find,
)


def init_app(app: Flask) -> None:
    """Bind the pages, and register with the cores what top-ups know and want to know."""
    app.register_blueprint(blueprint)
    for operation in OPERATIONS:
        calls.register(app, operation)
    payments.register(app, PAYMENTS)
    handlers.init_app(app)
    register_checks(*CHECKS)
    sweeps.register(app, "topups", jobs.sweep_all)
    for section in (topup_section.SECTION, *SECTIONS):
        hooks.add_section(app, section)
