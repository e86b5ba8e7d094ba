"""The wallet's page: what is there, what moved, and what can be done with it; and the statement as CSV."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from flask import Response, request

from randonumber import jobs, sections
from randonumber.access import person, signed_in
from randonumber.errors import InvalidRequest
from randonumber.ledger import queries
from randonumber.ledger.statement import COLUMNS, cells
from randonumber.spreadsheets import MEDIA_TYPE, csv_pages
from randonumber.wallet import filters
from randonumber.wallet.blueprint import blueprint

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from randonumber.ledger.statement import Only

LINES_AT_ONCE: Final = 500
_UNPROCESSABLE: Final = 422


@blueprint.get("/wallet")
@signed_in
def show() -> ResponseReturnValue:
    """Show the wallet of whoever is signed in; what cannot be read of a filter is said beside it."""
    status = _UNPROCESSABLE if filters.read(request.args).errors else 200
    return sections.wallet_page(person().user_id), status


@blueprint.get("/wallet/statement.csv")
@signed_in
def statement_as_csv() -> ResponseReturnValue:
    """Return every movement of money as CSV, newest first, filtered as on the page.

    Amounts are in minor units, moments in UTC.
    """
    wanted = filters.read(request.args)
    if wanted.errors:
        message = "This statement cannot be made: " + " ".join(wanted.errors.values())
        raise InvalidRequest(message)
    read = functools.partial(_page, user_id=person().user_id, only=wanted.only)
    headers = {"Content-Disposition": 'attachment; filename="statement.csv"'}
    return Response(csv_pages(jobs.current(), COLUMNS, read), content_type=MEDIA_TYPE, headers=headers)


def _page(
    session: Session, cursor: str | None, *, user_id: int, only: Only
) -> tuple[list[tuple[str, ...]], str | None]:
    page = queries.statement(session, user_id, only=only, before=cursor, limit=LINES_AT_ONCE)
    return [cells(row) for row in page.rows], page.next_cursor
