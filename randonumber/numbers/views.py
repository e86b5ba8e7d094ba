"""The product as pages: the number in the middle, the form beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_login import current_user

from randonumber.access import signed_in
from randonumber.database import transaction
from randonumber.errors import AppError, InvalidRequest
from randonumber.numbers import queries, service, wishes
from randonumber.numbers.forms import DrawForm, empty_form
from randonumber.numbers.service import UserPays

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.numbers.models import Draw

blueprint = Blueprint("numbers", __name__)
SHOWN: Final = 100
"""So many values stand on the page itself; all of them are one link away."""
_UNPROCESSABLE: Final = 422


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Show the product, to a stranger too."""
    return _page(empty_form())


@blueprint.post("/numbers")
@signed_in
def draw() -> ResponseReturnValue:
    """Draw what the form asks for, once, and lead to it; a refused form comes back with the reasons."""
    form = DrawForm()
    if not form.validate():
        return _page(form), _UNPROCESSABLE
    payer = UserPays(user_id=current_user.id, actor=f"user:{current_user.ref}", form_ref=form.form_ref.data)
    try:
        ref = service.draw_once(payer, wishes.read(form.wish))
    except InvalidRequest as refusal:
        form.refuse(refusal.errors)
        form.renew()
        return _page(form), _UNPROCESSABLE
    except AppError as refusal:
        return _page(form, refusal=refusal), _UNPROCESSABLE
    return redirect(url_for("numbers.show", ref=ref), 303)


@blueprint.get("/numbers")
@signed_in
def history() -> ResponseReturnValue:
    """List the draws of whoever is signed in, newest first."""
    with transaction() as session:
        page = queries.draws(session, current_user.id, before=request.args.get("before") or None)
    return render_template("numbers/history.html", page=page)


@blueprint.get("/numbers/<ref>")
@signed_in
def show(ref: str) -> ResponseReturnValue:
    """Show a draw, with the form to draw the same again."""
    found = _own_draw(ref)
    return _page(empty_form(found), drawn=found)


@blueprint.get("/numbers/<ref>/values.txt")
@signed_in
def values(ref: str) -> Response:
    """Return every value of a draw, one a line."""
    found = _own_draw(ref)
    response = Response("".join(f"{value}\n" for value in found.values), mimetype="text/plain")
    response.headers["Content-Disposition"] = f"attachment; filename={found.ref}.txt"
    return response


def _own_draw(ref: str) -> Draw:
    with transaction() as session:
        return queries.get_draw(session, current_user.id, ref)


def _page(form: DrawForm, drawn: Draw | None = None, refusal: AppError | None = None) -> str:
    return render_template("home.html", form=form, draw=drawn, refusal=refusal, shown=SHOWN, prices=wishes.PRICES)
