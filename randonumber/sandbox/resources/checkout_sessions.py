"""Checkout Sessions in mode payment: made and read here, paid on the hosted page."""

from randonumber.sandbox import currencies
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources import line_items, payment_intents
from randonumber.sandbox.resources.checkout_template import blank
from randonumber.sandbox.resources.customers import living
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.errors import invalid, not_here_yet, unchecked
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
SHORTEST_SECONDS = 30 * 60
LONGEST_SECONDS = 24 * 60 * 60
DONE = frozenset({
    "adaptive_pricing", "allow_promotion_codes", "automatic_tax", "billing_address_collection", "cancel_url",
    "client_reference_id", "customer", "customer_creation", "customer_email", "expires_at", "line_items", "locale",
    "metadata", "mode", "payment_intent_data", "payment_method_types", "submit_type", "success_url", "ui_mode",
    "currency", "custom_text", "integration_identifier", "managed_payments",
})  # fmt: skip
DONE_OF_INTENT = frozenset({
    "description", "metadata", "receipt_email", "setup_future_usage", "statement_descriptor",
    "statement_descriptor_suffix", "transfer_group", "capture_method",
})  # fmt: skip


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/checkout/sessions."""
    check(params)
    if params.get("customer"):
        living(scope, params["customer"])
    items = line_items.make(scope, params["line_items"])
    total = sum(one["amount_total"] for one in items)
    currency = items[0]["currency"]
    if total < currencies.least(currency):
        least = currencies.spoken(currencies.least(currency), currency)
        raise currencies.too_small(f"The Checkout Session's total amount due must add up to at least {least}", None)
    if total > currencies.HIGHEST:
        currencies.check_amount(total, currency, "line_items")
    body = blank(new_id("checkout.session"), scope, params) | {
        "amount_subtotal": total,
        "amount_total": total,
        "currency": currency,
        "expires_at": expiry(scope, params),
        "metadata": merged({}, params.get("metadata")),
    }
    merged({}, params.get("payment_intent_data", {}).get("metadata"), param="payment_intent_data[metadata]")
    scope.insert(body, {"items": items, "intent": params.get("payment_intent_data", {})})
    schedule(scope, body["expires_at"], "session_expires", body["id"])
    return body


def check(params: Json) -> None:
    """Refuse what is missing, and say what is not rehearsed here."""
    require(params, "mode")
    if params["mode"] != "payment":
        raise not_here_yet(f"Checkout Sessions in mode `{params['mode']}`", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_here_yet(f"Checkout Sessions with ui_mode `{params['ui_mode']}`", param="ui_mode")
    for name in params:
        if name not in DONE:
            raise not_here_yet(f"Checkout Sessions with `{name}`", param=name)
    require(params, "line_items", "success_url")
    check_intent_data(params.get("payment_intent_data", {}))
    check_switches(params)
    check_urls(params)
    for other in ("customer_email", "customer_creation"):
        if params.get("customer") and params.get(other):
            raise invalid(f"You may only specify one of these parameters: customer, {other}.", param="customer")


def require(params: Json, *names: str) -> None:
    """Refuse a request without these parameters."""
    for name in names:
        if not params.get(name):
            raise unchecked(f"Missing required param: {name}.", param=name, code="parameter_missing")


def check_switches(params: Json) -> None:
    """Refuse what may only be switched off."""
    for name in ("adaptive_pricing", "automatic_tax", "managed_payments"):
        if params.get(name, {}).get("enabled"):
            raise not_here_yet(f"Checkout Sessions with `{name}`", param=f"{name}[enabled]")
    if params.get("allow_promotion_codes"):
        raise not_here_yet("promotion codes", param="allow_promotion_codes")
    foreign = [kind for kind in params.get("payment_method_types", []) if kind != "card"]
    if foreign:
        raise not_here_yet(f"the payment method type `{foreign[0]}`", param="payment_method_types")


def check_intent_data(data: Json) -> None:
    """Refuse what is not passed on to the PaymentIntent."""
    for name in data:
        if name not in DONE_OF_INTENT or (name == "capture_method" and data[name] == "manual"):
            full = f"payment_intent_data[{name}]"
            raise not_here_yet(f"Checkout Sessions with `{full}`", param=full)


def check_urls(params: Json) -> None:
    """Refuse an address without a scheme."""
    for name in ("success_url", "cancel_url"):
        if not params.get(name, "http://").startswith(("http://", "https://")):
            reason = "Invalid URL: An explicit scheme (such as https) must be provided."
            raise invalid(reason, param=name, code="url_invalid")


def expiry(scope: Scope, params: Json) -> int:
    """When an unpaid session ends."""
    at: int = params.get("expires_at", scope.now + LONGEST_SECONDS)
    if at < scope.now + SHORTEST_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if at > scope.now + LONGEST_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
    return at


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
    """End an open session, and the intent of a payment begun in it."""
    body |= {"status": "expired", "url": None}
    scope.save(body)
    if body["payment_intent"]:
        intent = scope.get("payment_intent", body["payment_intent"]).body
        if intent["status"] in payment_intents.OPEN:
            payment_intents.cancelled(scope, intent, "expired")
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
