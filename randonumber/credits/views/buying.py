"""Starting a purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import jsonify, redirect, url_for

from randonumber import bodies, limits
from randonumber.access import person, signed_in
from randonumber.credits import forms, orders, service
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.shop import UNPROCESSABLE, show_shop

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@blueprint.post("/credits/checkout")
@signed_in
def checkout() -> ResponseReturnValue:
    """Start the purchase and lead to Stripe's page, or to our own when Stripe does not answer yet."""
    form = forms.CheckoutForm()
    if not form.validate():
        return show_shop(form), UNPROCESSABLE
    buyer = person()
    started = service.start_purchase(buyer, form.order, network=limits.client_network())
    return redirect(started.url or url_for("credits.show", ref=started.ref, go=1), 303)


@blueprint.post("/credits/payment-intents")
@signed_in
def payment_intents() -> ResponseReturnValue:
    """Start the purchase of the on-page form, and answer what its script pays it by, or where it stands."""
    order = orders.read_custom(bodies.json_object())
    found = service.start_on_page(person(), order, network=limits.client_network())
    answer = {
        "purchase": found.ref,
        "status": found.status,
        "amount": found.amount_minor,
        "currency": found.currency,
        "url": url_for("credits.show", ref=found.ref),
    }
    return jsonify(answer | ({"client_secret": found.client_secret} if found.client_secret else {}))
