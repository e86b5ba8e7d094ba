"""The inbox of Stripe's events: verified, stored and acknowledged at once, handled by the worker exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber import sweeps
from randonumber.inbox import checks, commands, jobs, views
from randonumber.inbox.own import Read, of_our_account
from randonumber.inbox.registry import (
    Effect,
    Handler,
    StripeEvent,
    register,
    register_account_test,
    subscribed_types,
)
from randonumber.inbox.sweeping import sweep

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "Effect",
    "Handler",
    "Read",
    "StripeEvent",
    "init_app",
    "jobs",
    "of_our_account",
    "register",
    "register_account_test",
    "subscribed_types",
    "sweep",
]


def init_app(app: Flask) -> None:
    """Bind the webhook views, the commands, the jobs and the checks to the app."""
    app.register_blueprint(views.blueprint)
    app.cli.add_command(commands.inbox)
    checks.register_checks()
    sweeps.register(app, "events", lambda: sweep(everything=True))
