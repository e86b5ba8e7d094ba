"""What the wallet shows on its own page: what is there, and every movement of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import request

from randonumber.hooks import Section
from randonumber.ledger import queries
from randonumber.wallet import filters

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ROWS: Final = 25
"""Movements on one page."""
PLACES: Final = {"wallet": "Available", "wallet:pending": "On its way", "debt": "Owed"}
"""What the places are called where a user's money stands."""


def _balances(session: Session, user_id: int) -> dict[str, Any]:
    return {"balances": queries.wallet_balances(session, user_id)}


def _statement(session: Session, user_id: int) -> dict[str, Any]:
    wanted = filters.read(request.args)
    before = request.args.get("before") or None
    page = queries.statement(session, user_id, only=wanted.only, before=before, limit=ROWS)
    return {"wanted": wanted, "page": page, "kinds": filters.KINDS, "places": PLACES}


SECTIONS: Final = (
    Section(
        page="wallet", name="balance", title="Balance", position=10, template="wallet/balances.html", context=_balances
    ),
    Section(
        page="wallet",
        name="statement",
        title="Statement",
        position=90,
        template="wallet/statement.html",
        context=_statement,
    ),
)
