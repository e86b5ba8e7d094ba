"""Buying with a saved card: one press, and the bank's question when it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, url_for

from randonumber import clock, limits
from randonumber.access import person, signed_in
from randonumber.credits import card_forms, card_queries, queries, service
from randonumber.credits.card_wording import why_not_paid
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service.authenticating import authenticate
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.shop import UNPROCESSABLE, show_shop
from randonumber.database import transaction
from randonumber.forms import new_form_ref
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue


@blueprint.post("/credits/one-click")
@signed_in
def one_click() -> ResponseReturnValue:
    """Charge a saved card; a decline stands on the form, whose next use is a new purchase."""
    form, buyer = card_forms.OneClickForm(), person()
    is_good = form.validate()
    with transaction() as session:
        card = card_queries.find_card(session, buyer.user_id, form.card.data or "")
    if card is None or not form.takes(card, clock.now()) or not is_good:
        form.takes(card, clock.now())
        return show_shop(one_click_form=form), UNPROCESSABLE
    started = service.start_purchase(buyer, form.order_with(card), network=limits.client_network())
    if started.status == PurchaseStatus.FAILED:
        return _declined(form, started.ref), UNPROCESSABLE
    return redirect(url_for("credits.show", ref=started.ref), 303)


@blueprint.post("/credits/purchases/<ref>/confirm")
@signed_in
def confirm(ref: str) -> ResponseReturnValue:
    """Lead the owner of the card to the bank's question, or back to the purchase when there is none."""
    owner = person()
    with transaction() as session:
        queries.get_purchase(session, owner.user_id, ref)
    try:
        question = authenticate(owner, ref)
    except (StripeUnavailable, StripeRefused):
        flash("Stripe does not answer at the moment. Nothing was charged; please try again.", "warning")
        question = None
    return redirect(question or url_for("credits.show", ref=ref), 303)


def _declined(form: card_forms.OneClickForm, ref: str) -> Response:
    with transaction() as session:
        purchase = queries.get_purchase(session, person().user_id, ref)
    form.form_errors = [f"{why_not_paid(purchase)} Nothing was charged."]
    form.form_ref.data = new_form_ref()
    return show_shop(one_click_form=form)
