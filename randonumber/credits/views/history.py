"""All purchases of whoever is signed in: as a page, and as CSV."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from flask import Response, render_template, request

from randonumber import jobs
from randonumber.access import person, signed_in
from randonumber.credits import queries, wording
from randonumber.credits.views.blueprint import blueprint
from randonumber.database import transaction
from randonumber.spreadsheets import MEDIA_TYPE, csv_pages

if TYPE_CHECKING:
    from datetime import datetime

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase

COLUMNS: Final = (
    "purchase",
    "ordered_at",
    "paid_at",
    "status",
    "credits",
    "unit_price_minor",
    "amount_minor",
    "refunded_minor",
    "disputed_minor",
    "currency",
    "method",
    "paid_with",
    "payment",
)
LINES_AT_ONCE: Final = 500

blueprint.add_app_template_filter(wording.method_of, "method_of")
blueprint.add_app_template_filter(wording.paid_with, "paid_with")


@blueprint.get("/credits/purchases")
@signed_in
def history() -> ResponseReturnValue:
    """List the purchases of whoever is signed in, newest first."""
    with transaction() as session:
        page = queries.purchases(session, person().user_id, before=request.args.get("before") or None)
    return render_template("credits/history.html", page=page)


@blueprint.get("/credits/purchases.csv")
@signed_in
def history_as_csv() -> ResponseReturnValue:
    """Return every purchase as CSV, newest first: amounts in minor units of their currency, moments in UTC."""
    headers = {"Content-Disposition": 'attachment; filename="purchases.csv"'}
    read = functools.partial(_page, user_id=person().user_id)
    return Response(csv_pages(jobs.current(), COLUMNS, read), content_type=MEDIA_TYPE, headers=headers)


def _page(session: Session, cursor: str | None, *, user_id: int) -> tuple[list[tuple[str, ...]], str | None]:
    page = queries.purchases(session, user_id, before=cursor, limit=LINES_AT_ONCE)
    return [_cells(purchase) for purchase in page.rows], page.next_cursor


def _cells(purchase: Purchase) -> tuple[str, ...]:
    return (
        purchase.ref,
        _moment(purchase.created_at),
        _moment(purchase.paid_at),
        purchase.status,
        str(purchase.credits),
        str(purchase.unit_price_minor),
        str(purchase.amount_minor),
        str(purchase.refunded_minor),
        str(purchase.disputed_minor),
        purchase.currency,
        purchase.method,
        wording.paid_with(purchase) if purchase.paid_at else "",
        purchase.payment_id or "",
    )


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
