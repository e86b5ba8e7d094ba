"""The operator's view: what waits for a person, and what a person may do about it (docs/operations.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.admin import alarm_mails, views
from randonumber.admin.blueprint import blueprint
from randonumber.ledger import alarms

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["init_app", "views"]


def init_app(app: Flask) -> None:
    """Bind the pages, and let operators hear of broken invariants."""
    app.register_blueprint(blueprint)
    alarms.on_broken(alarm_mails.tell_of_broken)
