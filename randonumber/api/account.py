"""What stands in the caller's books: the balance and the statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from randonumber.api import callers, pages, rates
from randonumber.database import transaction
from randonumber.errors import InvalidRequest
from randonumber.ledger import queries

if TYPE_CHECKING:
    from flask import Response
    from sqlalchemy.orm import Session

blueprint = Blueprint("api_account", __name__, url_prefix="/api/v1")
blueprint.after_request(rates.tell)


@blueprint.get("/balance")
def balance() -> Response:
    """Return credits by lot, the wallet, and what is owed."""
    caller = callers.identify()
    rates.count(caller)
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        answer = _balance(session, user_id)
    return pages.json_answer(answer)


@blueprint.get("/transactions")
def transactions() -> Response:
    """Return the statement, newest first; `currency` shows one of `usd` and `credit`."""
    caller = callers.identify()
    rates.count(caller)
    wanted = pages.wanted()
    currency = request.args.get("currency") or None
    if currency not in {None, "usd", "credit"}:
        message = "There are two currencies: usd and credit."
        raise InvalidRequest(message, errors=[{"field": "currency", "message": "must be usd or credit"}])
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        page = queries.statement(session, user_id, currency=currency, before=wanted.cursor, limit=wanted.limit)
    return pages.answer([_show_row(row) for row in page.rows], page.next_cursor)


def _balance(session: Session, user_id: int) -> dict[str, Any]:
    lots = queries.open_lots(session, user_id)
    wallet = queries.wallet_balances(session, user_id)
    return {
        "credits": sum(lot.left for lot in lots),
        "lots": [
            {
                "ref": lot.ref,
                "left": lot.left,
                "expires_at": lot.expires_at.isoformat() if lot.expires_at else None,
                "source": lot.source,
            }
            for lot in lots
        ],
        "wallet": {
            "currency": "usd",
            "available": wallet.available,
            "pending": wallet.pending,
            "held": wallet.held,
        },
        "debts": {"usd": wallet.debt_usd, "credit": wallet.debt_credit},
    }


def _show_row(row: queries.StatementRow) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "ref": row.ref,
        "what": row.what,
        "amount": row.amount,
        "currency": row.currency,
        "account": row.account,
        "balance": row.balance,
    }
