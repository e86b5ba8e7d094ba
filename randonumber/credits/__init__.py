"""Buying credits: prices, purchases, grants, and what Stripe's events mean to them (docs/payments.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import calls, hooks, payments, sweeps
from randonumber.calls import Operation
from randonumber.credits import (
    auto_topup_jobs,
    auto_topup_section,
    card_jobs,
    commands,
    debts,
    handlers,
    jobs,
    lot_jobs,
    postings,
    refund_jobs,
    views,
)
from randonumber.credits.checks import CHECKS
from randonumber.credits.dispute_checks import DISPUTE_CHECKS
from randonumber.credits.refund_checks import REFUND_CHECKS
from randonumber.credits.sections import SECTIONS
from randonumber.credits.service import (
    card_setups,
    cards,
    confirming,
    customers,
    gifts,
    granting,
    intents,
    opening,
    refreshing,
    sessions,
)
from randonumber.credits.service.refunds import settling
from randonumber.ledger.checks import register as register_checks

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["auto_topup_jobs", "card_jobs", "init_app", "jobs", "lot_jobs", "refund_jobs"]
OPERATIONS: Final = (
    Operation(
        name=customers.CREATE,
        settled=opening.settle_customer,
        refused=opening.refuse_customer,
        find=customers.find,
    ),
    Operation(name=sessions.CREATE, settled=opening.settle_session, refused=opening.refuse, find=sessions.find),
    Operation(name=sessions.EXPIRE, settled=opening.settle_closing, refused=opening.refuse_closing),
    Operation(name=intents.CREATE, settled=opening.settle_intent, refused=opening.refuse, find=intents.find),
    Operation(
        name=intents.CANCEL,
        settled=opening.settle_closing,
        refused=opening.refuse_closing,
        find=intents.find_cancelled,
        is_marked=False,
    ),
    Operation(name=settling.CREATE, settled=settling.settle, refused=settling.refuse, find=settling.find),
    Operation(name=card_setups.CREATE, settled=card_setups.settle, refused=card_setups.refuse, find=card_setups.find),
    Operation(
        name=card_setups.CANCEL,
        settled=card_setups.settle_cancelling,
        refused=card_setups.refuse_cancelling,
        find=card_setups.find_cancelled,
        is_marked=False,
    ),
    Operation(name=cards.DETACH, settled=cards.settle_detaching, refused=cards.refuse_detaching),
    Operation(
        name=confirming.CONFIRM,
        settled=confirming.settle,
        refused=confirming.refuse,
        find=confirming.find,
        is_marked=False,
    ),
)
PAYMENTS: Final = payments.Owner(
    prefix="pur_",
    key="purchase_ref",
    is_known=refreshing.is_known,
    effect_of_session=refreshing.effect_of,
    effect_of_intent=refreshing.effect_of_intent,
    find_posting=postings.find,
)


def init_app(app: Flask) -> None:
    """Bind the pages and commands, and register with the cores what purchases know and want to know."""
    app.register_blueprint(views.blueprint)
    commands.init_app(app)
    handlers.init_app(app)
    for operation in OPERATIONS:
        calls.register(app, operation)
    payments.register(app, PAYMENTS)
    register_checks(*CHECKS, *DISPUTE_CHECKS, *REFUND_CHECKS)
    sweeps.register(app, "purchases", jobs.sweep_all)
    sweeps.register(app, "refunds", refund_jobs.sweep_all)
    auto_topup_section.init_app(app)
    hooks.on_sign_up(app, granting.open_accounts)
    hooks.on_confirmed(app, gifts.give)
    hooks.add_notice(app, gifts.notice)
    for section in (debts.SECTION, *SECTIONS):
        hooks.add_section(app, section)
