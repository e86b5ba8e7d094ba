"""Paying a Checkout Session, as the hosted page does it."""

from randonumber.sandbox.cards import Card
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources import customers, payment_intents, payments
from randonumber.sandbox.resources.checkout_template import customer_details
from randonumber.sandbox.resources.payment_methods import from_card
from randonumber.sandbox.scope import Json, Scope


def pay(scope: Scope, session: Json, card: Card, email: str) -> Json:
    """Pay an open session with a card. Returns the intent, paid or asking for a challenge; raises PaymentDeclined."""
    intent = begun(scope, session, email)
    method = from_card(scope, card, email=email, customer=None)
    payments.keep(scope, intent, {"session": session["id"], "email": email})
    intent = payments.pay(scope, intent, method, return_url=success_url(session))
    if intent["status"] == "succeeded":
        complete(scope, session, intent, email)
    return intent


def begun(scope: Scope, session: Json, email: str) -> Json:
    """Return the session's intent: made when somebody first tries to pay, as at Stripe."""
    if session["payment_intent"]:
        return scope.get("payment_intent", session["payment_intent"]).body
    if session["customer_creation"] == "always" and not session["customer"]:
        session["customer"] = customers.create(scope, {"email": email})["id"]
    data = scope.get("checkout.session", session["id"]).hidden["intent"]
    intent = payment_intents.make(
        scope,
        data
        | {
            "amount": session["amount_total"],
            "currency": session["currency"],
            "customer": session["customer"],
            "payment_method_types": session["payment_method_types"],
        },
    )
    session["payment_intent"] = intent["id"]
    scope.save(session)
    return intent


def complete(scope: Scope, session: Json, intent: Json, email: str) -> None:
    """Mark the session paid: nothing can change it now."""
    name = (session["customer_details"] or {}).get("name")
    session |= {
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": intent["id"],
        "customer_details": customer_details(email, name),
        "url": None,
    }
    scope.save(session)
    record(scope, "checkout.session.completed", session)


def success_url(session: Json) -> str:
    """Where a buyer goes after paying."""
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


def cancel_url(session: Json) -> str | None:
    """Where a buyer goes who gives up."""
    url: str | None = session["cancel_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"]) if url else None
