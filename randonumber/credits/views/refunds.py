"""Giving back what is unspent of a purchase: what it comes to stands on the purchase's page, with the button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import redirect, render_template, url_for

from randonumber import web
from randonumber.access import person, signed_in
from randonumber.credits import forms, queries, refund_mails
from randonumber.credits.models import BOOKED
from randonumber.credits.service import refunds
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.shop import UNPROCESSABLE
from randonumber.database import transaction
from randonumber.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from randonumber.credits.models import Purchase, Refund
    from randonumber.credits.service.refunds import Offer


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page shows of a purchase's refunds: those that were made, and what is offered."""

    offer: Offer
    rows: Sequence[Refund]
    destination: str


@blueprint.post("/credits/purchases/<ref>/refund")
@signed_in
def give_back(ref: str) -> ResponseReturnValue:
    """Give back what is unspent of a purchase; a refusal says every reason."""
    form = forms.RefundForm()
    try:
        if form.validate():
            refunds.refund_for_buyer(person(), ref, form.form_ref.data or "")
            return redirect(url_for("credits.show", ref=ref), 303)
    except (refunds.NotRefundable, InvalidRequest) as refusal:
        if web.wants_problem():
            raise
        reasons = getattr(refusal, "reasons", ())
        form.form_errors = [reason.message for reason in reasons] or [refusal.detail]
    with transaction() as session:
        purchase = queries.get_purchase(session, person().user_id, ref)
    return render_template("credits/refund.html", purchase=purchase, refund=shown(purchase), form=form), UNPROCESSABLE


def shown(purchase: Purchase) -> Shown | None:
    """Return what a page shows of a purchase's refunds; None for one that was not paid."""
    if purchase.status not in BOOKED:
        return None
    with transaction() as session:
        return Shown(
            offer=refunds.offer(session, purchase),
            rows=refunds.refunds_of(session, purchase),
            destination=refund_mails.destination_of(purchase),
        )
