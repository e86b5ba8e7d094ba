"""What stands in the caller's books: the balance and the statement."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, request

from randonumber.api import callers, pages, rates
from randonumber.database import transaction
from randonumber.errors import InvalidRequest
from randonumber.ledger import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response
    from sqlalchemy.orm import Session

blueprint = Blueprint("api_account", __name__, url_prefix="/api/v1")
blueprint.after_request(rates.tell)
_KIND: Final = re.compile(r"[a-z_]{1,40}")


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
    """Return the statement, newest first.

    `currency` shows one of `usd` and `credit`, `kind` one kind of transaction, `since` and `until` a span of time:
    moments of ISO 8601 with their zone, the first included, the last not.
    """
    caller = callers.identify()
    rates.count(caller)
    wanted, only = pages.wanted(), _only(request.args)
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        page = queries.statement(session, user_id, only=only, before=wanted.cursor, limit=wanted.limit)
    return pages.answer([_show_row(row) for row in page.rows], page.next_cursor)


def _only(arguments: Mapping[str, str]) -> queries.Only:
    """Read what the statement is to show. Raises InvalidRequest."""
    errors = []
    currency, kind = arguments.get("currency") or None, arguments.get("kind") or None
    if currency not in {None, "usd", "credit"}:
        errors.append({"field": "currency", "message": "must be usd or credit"})
    if kind is not None and not _KIND.fullmatch(kind):
        errors.append({"field": "kind", "message": "must be a kind of transaction, such as topup"})
    since, until = (_moment(name, arguments, errors) for name in ("since", "until"))
    if errors:
        message = "This statement cannot be made; each field in errors says why."
        raise InvalidRequest(message, errors=errors)
    return queries.Only(currency=currency, kinds=(kind,) if kind else None, since=since, until=until)


def _moment(name: str, arguments: Mapping[str, str], errors: list[dict[str, str]]) -> datetime | None:
    given = arguments.get(name)
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        errors.append({"field": name, "message": "must be a moment with its zone, such as 2026-01-31T00:00:00Z"})
    return moment


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
