"""The overview, and the list behind each of its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, render_template

from randonumber.admin import lists
from randonumber.admin.access import operator
from randonumber.admin.blueprint import blueprint
from randonumber.database import transaction
from randonumber.payouts import queue_queries

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@blueprint.get("")
@operator
def overview() -> ResponseReturnValue:
    """Show how much of each waits for an operator."""
    with transaction() as session:
        counts, waiting = lists.counts(session), queue_queries.count(session)
    return render_template("admin/overview.html", lists=lists.LISTS, counts=counts, waiting=waiting)


@blueprint.get("/<name>")
@operator
def listing(name: str) -> ResponseReturnValue:
    """Show one list."""
    found = lists.find(name)
    if found is None:
        abort(404)
    with transaction() as session:
        rows = lists.rows(session, found)
    return render_template("admin/list.html", listing=found, rows=rows, most=lists.MOST)
