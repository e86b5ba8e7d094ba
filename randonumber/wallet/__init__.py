"""The wallet: money that is topped up, shown with every movement, and spent (docs/wallet.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber import hooks
from randonumber.wallet import models, views
from randonumber.wallet.blueprint import blueprint
from randonumber.wallet.sections import SECTIONS

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["init_app", "models", "views"]


def init_app(app: Flask) -> None:
    """Bind the pages, and register with the cores what top-ups know and want to know."""
    app.register_blueprint(blueprint)
    for section in SECTIONS:
        hooks.add_section(app, section)
