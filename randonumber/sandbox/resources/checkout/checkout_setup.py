"""Checkout Sessions in mode setup: a card is kept for later, nothing is paid.

The SetupIntent is made with the session (https://docs.stripe.com/payments/save-and-reuse). Without a customer, and
unless `customer_creation` is `always`, the card is kept but belongs to nobody: the app attaches it.
"""

from randonumber.sandbox import currencies
from randonumber.sandbox.cards import Card
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.resources import customers
from randonumber.sandbox.resources.checkout import checkout_params
from randonumber.sandbox.resources.checkout.checkout_buyer import Buyer, keep_card, success_url
from randonumber.sandbox.resources.checkout.checkout_payment import complete
from randonumber.sandbox.resources.checkout.checkout_template import blank
from randonumber.sandbox.resources.payments import setup_intents
from randonumber.sandbox.scope import Json, Scope

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def to_set_up(scope: Scope, params: Json) -> tuple[Json, Json]:
    """Return a session in mode setup with its SetupIntent, and what only the sandbox knows of it."""
    currency = currencies.checked(params["currency"], "currency") if params.get("currency") else None
    types = checkout_params.methods(params, currency)
    given = params.get("setup_intent_data") or {}
    intent = setup_intents.make(
        scope,
        given | {"customer": params.get("customer"), "payment_method_types": types, "usage": "off_session"},
    )
    body = blank(new_id("checkout.session"), scope, params, types) | {
        "currency": currency,
        "invoice_creation": None,
        "payment_method_collection": "always",
        "payment_status": "no_payment_required",
        "setup_intent": intent["id"],
        "total_details": None,
    }
    scope.save(intent, {"session": body["id"]})
    return body, {"items": []}


def save(scope: Scope, session: Json, card: Card, buyer: Buyer) -> Json:
    """Set a card up for the session. Returns the intent, succeeded or asking for a challenge; raises Refused."""
    found = scope.get("setup_intent", session["setup_intent"])
    intent = found.body
    if session["customer_creation"] == "always" and not session["customer"]:
        session["customer"] = customers.create(scope, buyer.as_customer)["id"]
        intent["customer"] = session["customer"]
        scope.save(session)
    known = {"session": session["id"], "email": buyer.email, "name": buyer.name}
    scope.save(intent, found.hidden | known)
    method = keep_card(scope, card, buyer)
    intent = setup_intents.confirm_with(scope, intent, method, return_url=success_url(session))
    if intent["status"] == "succeeded":
        complete(scope, session, intent, buyer.email)
    return intent


def give_up(scope: Scope, session: Json) -> None:
    """Cancel the SetupIntent of a session that expired."""
    intent = scope.get("setup_intent", session["setup_intent"]).body
    if intent["status"] in OPEN:
        setup_intents.cancelled(scope, intent, None)
