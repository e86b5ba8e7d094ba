"""Buying credits, as pages. Every one works without a script, and none waits longer for Stripe than a request may."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for

from randonumber import clock, limits, web
from randonumber.access import person, signed_in
from randonumber.credits import forms, mails, queries, service
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.pricing import MOST_CREDITS, PACKS, as_json, quote
from randonumber.database import transaction
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.credits.models import Purchase

blueprint = Blueprint("credits", __name__)
_UNPROCESSABLE: Final = 422
ASK_AGAIN_AFTER: Final = timedelta(seconds=1)
"""Several tabs on one purchase, and the sweep, ask Stripe once in this time."""
LEADS_ON_FOR: Final = timedelta(minutes=1)
"""How long a page that waits for Stripe's answer leads on to the payment by itself."""
PAUSES_SECONDS: Final = ((timedelta(minutes=1), 2), (timedelta(minutes=10), 5), (timedelta(hours=1), 15))
LONGEST_PAUSE_SECONDS: Final = 60


@blueprint.get("/credits")
@signed_in
def shop() -> ResponseReturnValue:
    """Show what credits cost; `?quantity=` quotes any quantity without a script."""
    asked = request.args.get("quantity", str(forms.START))
    form = forms.empty_form(asked)
    if forms.read_quantity(asked) is None:
        form.quantity.errors = [f"Write a whole number from 1 to {MOST_CREDITS:,}."]
        return _shop(form), _UNPROCESSABLE
    return _shop(form)


@blueprint.get("/buy-credits")
def old_address() -> ResponseReturnValue:
    """Lead from the page's former address."""
    return redirect(url_for("credits.shop"), 303)


@blueprint.get("/credits/quote")
def show_quote() -> ResponseReturnValue:
    """Return the price of a quantity as JSON. Prices are no secret: nobody need be signed in."""
    quantity = forms.read_quantity(request.args.get("quantity", ""))
    if quantity is None:
        message = f"Write a whole number from 1 to {MOST_CREDITS:,}."
        return web.problem(400, "invalid_request", message, errors=[{"field": "quantity", "message": message}])
    return jsonify(as_json(quote(current_app.extensions["config"].credit_tiers, quantity)))


@blueprint.post("/credits/checkout")
@signed_in
def checkout() -> ResponseReturnValue:
    """Start the purchase and lead to Stripe's page, or to our own when Stripe does not answer yet."""
    form = forms.CheckoutForm()
    if not form.validate():
        return _shop(form), _UNPROCESSABLE
    buyer = person()
    started = service.start_purchase(buyer, form.order, network=limits.client_network())
    return redirect(started.url or url_for("credits.show", ref=started.ref, go=1), 303)


@blueprint.get("/credits/purchases")
@signed_in
def history() -> ResponseReturnValue:
    """List the purchases of whoever is signed in, newest first."""
    with transaction() as session:
        page = queries.purchases(session, person().user_id, before=request.args.get("before") or None)
    return render_template("credits/history.html", page=page)


@blueprint.get("/credits/purchases/<ref>")
@signed_in
def show(ref: str) -> ResponseReturnValue:
    """Show where a purchase is; Stripe's page leads back to here, and until it is final it is asked again."""
    user_id = person().user_id
    _own(user_id, ref)
    answers = _refresh(ref)
    purchase = _own(user_id, ref)
    is_pending = purchase.status == PurchaseStatus.PENDING
    if is_pending and purchase.checkout_url and _leads_on(purchase):
        return redirect(purchase.checkout_url, 303)
    return render_template(
        "credits/purchase.html",
        purchase=purchase,
        card=mails.card_of(purchase),
        stripe_answers=answers and not (is_pending and purchase.checkout_session_id is None),
        pause_seconds=pause_seconds(purchase) if is_pending else None,
    )


def pause_seconds(purchase: Purchase) -> int:
    """Return after how long the page of a pending purchase asks again: the older, the longer."""
    age = clock.now() - purchase.created_at
    return next((pause for younger_than, pause in PAUSES_SECONDS if age < younger_than), LONGEST_PAUSE_SECONDS)


def _leads_on(purchase: Purchase) -> bool:
    return "go" in request.args and clock.now() - purchase.created_at < LEADS_ON_FOR


def _refresh(ref: str) -> bool:
    """Bring the purchase level with Stripe; False when Stripe settles nothing, and the page shows what is known."""
    try:
        service.refresh_purchase(ref, actor=f"user:{person().ref}", unless_checked_since=clock.now() - ASK_AGAIN_AFTER)
    except (StripeUnavailable, StripeRefused):
        return False
    return True


def _own(user_id: int, ref: str) -> Purchase:
    with transaction() as session:
        return queries.get_purchase(session, user_id, ref)


def _shop(form: forms.CheckoutForm) -> str:
    tiers = current_app.extensions["config"].credit_tiers
    quantity = forms.read_quantity(form.quantity.data or "")
    return render_template(
        "credits/shop.html",
        form=form,
        packs=[quote(tiers, pack) for pack in PACKS],
        tiers=tiers,
        quoted=quote(tiers, quantity) if quantity else None,
        most_credits=MOST_CREDITS,
    )
