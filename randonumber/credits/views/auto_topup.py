"""Auto top-up: what it may do, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, flash, redirect, render_template, url_for

from randonumber.access import person, signed_in
from randonumber.credits import auto_topup_section
from randonumber.credits.auto_topup_forms import AutoTopupForm, form_of
from randonumber.credits.forms import read_quantity
from randonumber.credits.pricing import quote
from randonumber.credits.service import auto_topups
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.shop import UNPROCESSABLE
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.credits.pricing import Quote
    from randonumber.hooks import Person


@blueprint.get("/account/auto-topup")
@signed_in
def auto_topup() -> ResponseReturnValue:
    """Show where auto top-up stands, with the form that changes it."""
    return _page()


@blueprint.post("/account/auto-topup")
@signed_in
def set_auto_topup() -> ResponseReturnValue:
    """Turn auto top-up on under the terms of the form, or off, whatever else the form says."""
    form = AutoTopupForm()
    if not form.enabled.data:
        auto_topups.turn_off(person())
        flash("Auto top-up is off. From now on nothing is bought by itself.", "success")
    elif form.validate() and _turn_on(person(), form):
        flash("Auto top-up is on. You can turn it off here at any time.", "success")
    else:
        return _page(form), UNPROCESSABLE
    return redirect(url_for("credits.auto_topup"), 303)


def _turn_on(owner: Person, form: AutoTopupForm) -> bool:
    """Turn it on; what does not allow it stands on the form then."""
    try:
        auto_topups.turn_on(owner, form.terms)
    except auto_topups.NoCard as refusal:
        form.form_errors = [refusal.detail]
    except auto_topups.CapTooLow as refusal:
        form.monthly_cap.errors = [refusal.detail]
    else:
        return True
    return False


def _page(form: AutoTopupForm | None = None) -> str:
    with transaction() as session:
        shown = auto_topup_section.shown(session, person().user_id)
    form = form or form_of(shown["standing"].topup)
    return render_template("credits/auto_topup.html", form=form, price=_price(form), **shown)


def _price(form: AutoTopupForm) -> Quote | None:
    quantity = read_quantity(form.quantity.data or "")
    return quote(current_app.extensions["config"].credit_tiers, quantity) if quantity else None
