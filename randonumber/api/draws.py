"""Drawing over the API. A GET never spends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from randonumber import bodies
from randonumber.api import callers, once, pages, rates
from randonumber.database import transaction
from randonumber.errors import InsufficientCredits
from randonumber.numbers import queries, service, wishes

if TYPE_CHECKING:
    from psycopg import Connection

    from randonumber.numbers.models import Draw
    from randonumber.numbers.queries import DrawSummary
    from randonumber.numbers.service import Drawn

blueprint = Blueprint("api_draws", __name__, url_prefix="/api/v1")
blueprint.after_request(rates.tell)


@blueprint.route("/numbers", methods=["POST"], provide_automatic_options=False)
def draw_numbers() -> Response:
    """Draw what the JSON body asks for: 201 with the values."""
    caller = callers.identify()
    rates.count(caller)

    def effect(connection: Connection[Any], wish: wishes.Wish) -> Response:
        return pages.json_answer(_show_drawn(service.draw(connection, caller.payer, wish)), 201)

    return once.answer(caller, "draw", lambda: wishes.read(bodies.json_object()), effect)


@blueprint.route("/number/", methods=["POST"], provide_automatic_options=False)
def draw_digit() -> Response:
    """Draw one integer from 0 to 9 for one credit, answered in the form of the first version of this product."""
    caller = callers.identify()
    rates.count(caller)

    def effect(connection: Connection[Any], wish: wishes.Wish) -> Response:
        drawn = service.draw(connection, caller.payer, wish)
        return pages.json_answer({"number": drawn.values[0], "status": "SUCCESS", "credits_left": drawn.credits_left})

    try:
        return once.answer(caller, "draw", lambda: wishes.DIGIT, effect)
    except InsufficientCredits as refusal:
        members = {name: refusal.extra[name] for name in ("credits_left", "buy_url")}
        return pages.json_answer({"status": "FAILURE", "code": refusal.code, **members}, refusal.status)


@blueprint.get("/draws")
def list_draws() -> Response:
    """Return the caller's draws, newest first; `values` is null for those that are too long for a list."""
    caller = callers.identify()
    rates.count(caller)
    wanted = pages.wanted()
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        page = queries.draws(session, user_id, before=wanted.cursor, limit=wanted.limit)
    return pages.answer([show_draw(draw) for draw in page.rows], page.next_cursor)


@blueprint.get("/draws/<ref>")
def show(ref: str) -> Response:
    """Return one draw of the caller's."""
    caller = callers.identify()
    rates.count(caller)
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        draw = queries.get_draw(session, user_id, ref)
    return pages.json_answer(show_draw(draw))


def show_draw(draw: Draw | DrawSummary) -> dict[str, Any]:
    """Return a draw of the past as JSON."""
    return {
        "draw": draw.ref,
        "type": draw.type,
        "request": draw.request,
        "n": draw.n,
        "values": draw.values,
        "credits_spent": draw.credits,
        "created_at": draw.created_at.isoformat(),
    }


def _show_drawn(drawn: Drawn) -> dict[str, Any]:
    return {
        "draw": drawn.ref,
        "type": drawn.wish.type,
        "request": drawn.wish.request,
        "n": drawn.wish.n,
        "values": drawn.values,
        "credits_spent": drawn.wish.credits,
        "credits_left": drawn.credits_left,
        "created_at": drawn.created_at.isoformat(),
    }
