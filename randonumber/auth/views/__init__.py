"""The pages of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.auth.views import account, entrance, recovery, registration

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Register every page."""
    for module in (entrance, registration, recovery, account):
        for blueprint in module.BLUEPRINTS:
            app.register_blueprint(blueprint)
