"""Checkout Sessions in modes payment and setup: made and read here, ended on the hosted page."""

from randonumber.sandbox import currencies
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.checkout import checkout_params, checkout_setup, line_items
from randonumber.sandbox.resources.checkout.checkout_template import blank
from randonumber.sandbox.resources.customers import check_email, living
from randonumber.sandbox.resources.payments import payment_intents
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/checkout/sessions."""
    checkout_params.check(params)
    check_email(params.get("customer_email"), "customer_email")
    check_email(params.get("payment_intent_data", {}).get("receipt_email"), "payment_intent_data[receipt_email]")
    if params.get("customer"):
        living(scope, params["customer"])
    body, hidden = to_pay(scope, params) if params["mode"] == "payment" else checkout_setup.to_set_up(scope, params)
    body |= {"expires_at": checkout_params.expiry(scope, params), "metadata": merged({}, params.get("metadata"))}
    scope.insert(body, hidden | {"customer_update": params.get("customer_update") or {}})
    schedule(scope, body["expires_at"], "session_expires", body["id"])
    return body


def to_pay(scope: Scope, params: Json) -> tuple[Json, Json]:
    """Return a session in mode payment, and what only the sandbox knows of it; the intent comes when somebody pays."""
    items = line_items.make(scope, params["line_items"])
    total = sum(one["amount_total"] for one in items)
    currency = items[0]["currency"]
    if total < currencies.least(currency):
        least = currencies.spoken(currencies.least(currency), currency)
        raise currencies.too_small(f"The Checkout Session's total amount due must add up to at least {least}", None)
    currencies.check_amount(total, currency, "line_items")
    body = blank(new_id("checkout.session"), scope, params, checkout_params.methods(params, currency)) | {
        "amount_subtotal": total,
        "amount_total": total,
        "currency": currency,
    }
    return body, {"items": items, "intent": params.get("payment_intent_data") or {}}


def retrieve(scope: Scope, params: Json, session: str) -> Json:
    """GET /v1/checkout/sessions/{session}."""
    del params
    return scope.get("checkout.session", session, param="session").body


def update(scope: Scope, params: Json, session: str) -> Json:
    """POST /v1/checkout/sessions/{session}: its metadata."""
    body = scope.get("checkout.session", session, param="session").body
    for name in params:
        if name != "metadata":
            raise not_here_yet(f"changing the `{name}` of a Checkout Session", param=name)
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    return scope.save(body)


def expire(scope: Scope, params: Json, session: str) -> Json:
    """POST /v1/checkout/sessions/{session}/expire."""
    del params
    body = scope.get("checkout.session", session, param="session").body
    if body["status"] != "open":
        raise invalid(
            "Only Checkout Sessions with a status in ['open'] can be expired. "
            f"This Checkout Session has a status of {body['status']}."
        )
    return expired(scope, body)


def expired(scope: Scope, body: Json) -> Json:
    """End an open session, and the intent of a payment or setup begun in it."""
    body |= {"status": "expired", "url": None}
    scope.save(body)
    if body["payment_intent"]:
        intent = scope.get("payment_intent", body["payment_intent"]).body
        if intent["status"] in payment_intents.OPEN:
            payment_intents.cancelled(scope, intent, "expired")
    if body["setup_intent"]:
        checkout_setup.give_up(scope, body)
    record(scope, "checkout.session.expired", body)
    return body


def session_expires(scope: Scope, session: str) -> None:
    """End a session that nobody paid, as the clock does."""
    found = scope.find("checkout.session", session)
    if found and found.body["status"] == "open":
        expired(scope, found.body)


def items_of(scope: Scope, body: Json) -> Json:
    """Return the list of items, for `expand[]=line_items`."""
    return line_items.listed(scope.get("checkout.session", body["id"]).hidden["items"], body["id"], {})


def list_items(scope: Scope, params: Json, session: str) -> Json:
    """GET /v1/checkout/sessions/{session}/line_items."""
    found = scope.get("checkout.session", session, param="session")
    return line_items.listed(found.hidden["items"], session, params)


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/checkout/sessions."""
    for name in ("payment_link", "subscription", "customer_account"):
        if name in params:
            raise not_here_yet(f"listing Checkout Sessions by `{name}`", param=name)
    equal = {name: params.get(name) for name in ("customer", "payment_intent", "status")}
    equal["customer_email"] = params.get("customer_details", {}).get("email")
    return page(scope, "checkout.session", params, url="/v1/checkout/sessions", equal=equal)


OPERATIONS: Operations = {
    "GET /v1/checkout/sessions": listing,
    "POST /v1/checkout/sessions": create,
    "GET /v1/checkout/sessions/{session}": retrieve,
    "POST /v1/checkout/sessions/{session}": update,
    "POST /v1/checkout/sessions/{session}/expire": expire,
    "GET /v1/checkout/sessions/{session}/line_items": list_items,
}
DUE = {"session_expires": session_expires}
INCLUDED = {("checkout.session", "line_items"): items_of}
