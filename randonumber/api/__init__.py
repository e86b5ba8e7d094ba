"""The JSON API, version 1: a thin shell over what the features do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.api import account, draws, jobs, models, payout_account, purchases, rates, withdrawals
from randonumber.extensions import csrf

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["init_app", "jobs", "models"]


def init_app(app: Flask) -> None:
    """Bind the routes. CSRF is asked of a signed-in browser by `callers.identify`; a key needs none."""
    rates.init_app(app)
    for blueprint in (
        draws.blueprint,
        account.blueprint,
        purchases.blueprint,
        payout_account.blueprint,
        withdrawals.blueprint,
    ):
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint)
