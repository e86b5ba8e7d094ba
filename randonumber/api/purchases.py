"""What the caller has bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from randonumber.api import callers, pages, rates
from randonumber.credits import queries
from randonumber.credits.service import refunds
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask import Response

    from randonumber.credits.models import Purchase

blueprint = Blueprint("api_purchases", __name__, url_prefix="/api/v1")
blueprint.after_request(rates.tell)


@blueprint.get("/purchases")
def list_purchases() -> Response:
    """Return the caller's purchases, newest first."""
    caller = callers.identify()
    rates.count(caller)
    wanted = pages.wanted()
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        page = queries.purchases(session, user_id, before=wanted.cursor, limit=wanted.limit)
        refundable = refunds.refundable_amounts(session, page.rows)
    rows = [_show(purchase, refundable[purchase.ref]) for purchase in page.rows]
    return pages.answer(rows, page.next_cursor)


@blueprint.get("/purchases/<ref>")
def show(ref: str) -> Response:
    """Return one purchase of the caller's."""
    caller = callers.identify()
    rates.count(caller)
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        purchase = queries.get_purchase(session, user_id, ref)
        [refundable] = refunds.refundable_amounts(session, [purchase]).values()
    return pages.json_answer(_show(purchase, refundable))


def _show(purchase: Purchase, refundable_minor: int) -> dict[str, Any]:
    return {
        "purchase": purchase.ref,
        "status": purchase.status,
        "credits": purchase.credits,
        "amount": purchase.amount_minor,
        "currency": purchase.currency,
        "refundable_amount": refundable_minor,
        "created_at": purchase.created_at.isoformat(),
        "paid_at": purchase.paid_at.isoformat() if purchase.paid_at else None,
    }
