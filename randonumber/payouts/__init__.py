"""Paying out: accounts that users connect, and the withdrawals to them (docs/payouts.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.payouts import models, views
from randonumber.payouts.blueprint import blueprint

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["init_app", "models", "views"]


def init_app(app: Flask) -> None:
    """Bind the pages, and register with the cores what accounts and withdrawals know and want to know."""
    app.register_blueprint(blueprint)
