"""Paying a Checkout Session, as the hosted page does it."""

from collections.abc import Callable

from randonumber.sandbox.cards import Card
from randonumber.sandbox.resources import customers
from randonumber.sandbox.resources.checkout import checkout_ending
from randonumber.sandbox.resources.checkout.checkout_buyer import Buyer, cancel_url, is_email, keep_card, success_url
from randonumber.sandbox.resources.payments import bank, payment_intents, payments
from randonumber.sandbox.scope import Json, Scope

__all__ = ["by_bank", "by_card", "cancel_url", "complete", "success_url"]


def by_card(scope: Scope, session: Json, card: Card, buyer: Buyer) -> Json:
    """Pay an open session with a card. Returns the intent, paid or asking for a challenge; raises PaymentDeclined."""
    return pay(scope, session, buyer, lambda: keep_card(scope, card, buyer))


def by_bank(scope: Scope, session: Json, account: bank.Account, buyer: Buyer) -> Json:
    """Pay an open session from a bank account, as the buyer consents by paying. Returns the intent, processing."""
    return pay(scope, session, buyer, lambda: bank.keep(scope, account, billing=buyer.billing_details))


def pay(scope: Scope, session: Json, buyer: Buyer, method: Callable[[], Json]) -> Json:
    """Try to pay, and end the session unless a challenge comes first."""
    intent = begun(scope, session, buyer)
    payments.keep(scope, intent, {"session": session["id"], "email": buyer.email, "name": buyer.name})
    intent = payments.pay(scope, intent, method(), return_url=success_url(session), accepted=True)
    if intent["status"] != "requires_action":
        complete(scope, session, intent, buyer.email)
    return intent


def begun(scope: Scope, session: Json, buyer: Buyer) -> Json:
    """Return the session's intent: made when somebody first tries to pay, as at Stripe."""
    if session["payment_intent"]:
        return scope.get("payment_intent", session["payment_intent"]).body
    data = scope.get("checkout.session", session["id"]).hidden["intent"]
    if not session["customer"] and (session["customer_creation"] == "always" or data.get("setup_future_usage")):
        session["customer"] = customers.create(scope, buyer.as_customer)["id"]
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


def complete(scope: Scope, session: Json, intent: Json, email: str | None) -> None:
    """End a session whose intent is paid, will be by a bank, or has saved a card: nothing on the page can change it."""
    name = scope.get(intent["object"], intent["id"]).hidden.get("name")
    tell_customer(scope, session, email=email, name=name)
    checkout_ending.complete(scope, session, payment_status(session, intent), email=email, name=name)


def tell_customer(scope: Scope, session: Json, *, email: str | None, name: str | None) -> None:
    """Give the session's customer the buyer's address where it has none that can be right, and the name if asked."""
    customer = scope.find("customer", session["customer"]) if session["customer"] else None
    if not customer or customer.deleted:
        return
    asked = scope.get("checkout.session", session["id"]).hidden.get("customer_update") or {}
    changes = {"name": name} if name and asked.get("name") == "auto" else {}
    if email and not is_email(customer.body["email"]):
        changes["email"] = email
    if changes:
        customers.update(scope, changes, session["customer"])


def payment_status(session: Json, intent: Json) -> str:
    """Return Stripe's `payment_status` of a session that is complete."""
    if session["mode"] == "setup":
        return "no_payment_required"
    return "paid" if intent["status"] == "succeeded" else "unpaid"
