"""The product: random numbers, drawn and paid for in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from randonumber import hooks
from randonumber.hooks import Section
from randonumber.ledger.checks import register
from randonumber.numbers import queries, views
from randonumber.numbers.checks import CHECKS

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

_LATEST: Final = 5


def init_app(app: Flask) -> None:
    """Bind the pages, the checks of draws, and the numbers on the account page."""
    app.register_blueprint(views.blueprint)
    register(*CHECKS)
    hooks.add_section(
        app,
        Section(name="numbers", title="Numbers", position=30, template="numbers/section.html", context=_latest_draws),
    )


def _latest_draws(session: Session, user_id: int) -> dict[str, Any]:
    page = queries.draws(session, user_id, limit=_LATEST)
    return {"draws": page.rows, "has_more": page.next_cursor is not None}
