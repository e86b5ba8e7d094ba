"""What a Checkout Session may be made of: refused here in Stripe's words before anything is made."""

from randonumber.sandbox.addresses import web_address
from randonumber.sandbox.resources.payments import bank
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid, not_here_yet, unchecked
from randonumber.sandbox.wire.metadata import merged

# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
SHORTEST_SECONDS = 30 * 60
LONGEST_SECONDS = 24 * 60 * 60
MODES = ("payment", "setup")
DONE = frozenset({
    "adaptive_pricing", "allow_promotion_codes", "automatic_tax", "billing_address_collection", "cancel_url",
    "client_reference_id", "customer", "customer_creation", "customer_email", "customer_update", "expires_at",
    "line_items", "locale", "metadata", "mode", "payment_intent_data", "payment_method_collection",
    "payment_method_types", "setup_intent_data", "submit_type", "success_url", "ui_mode", "currency", "custom_text",
    "integration_identifier", "managed_payments",
})  # fmt: skip
DONE_OF_INTENT = {
    "payment_intent_data": frozenset({
        "description", "metadata", "receipt_email", "setup_future_usage", "statement_descriptor",
        "statement_descriptor_suffix", "transfer_group", "capture_method",
    }),
    "setup_intent_data": frozenset({"description", "metadata"}),
}  # fmt: skip
OF_ONE_MODE = {"line_items": "payment", "payment_intent_data": "payment", "submit_type": "payment"} | {
    "setup_intent_data": "setup"
}
OFFERED = {"payment": ("card", bank.METHOD), "setup": ("card",)}


def check(params: Json) -> None:
    """Refuse what is missing, and say what is not rehearsed here."""
    require(params, "mode")
    if params["mode"] not in MODES:
        raise not_here_yet(f"Checkout Sessions in mode `{params['mode']}`", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_here_yet(f"Checkout Sessions with ui_mode `{params['ui_mode']}`", param="ui_mode")
    for name in params:
        if name not in DONE:
            raise not_here_yet(f"Checkout Sessions with `{name}`", param=name)
    check_mode(params)
    check_intent_data(params)
    check_switches(params)
    check_urls(params)
    check_customer(params)


def require(params: Json, *names: str) -> None:
    """Refuse a request without these parameters."""
    for name in names:
        if not params.get(name):
            raise unchecked(f"Missing required param: {name}.", param=name, code="parameter_missing")


def check_mode(params: Json) -> None:
    """Refuse what a mode needs and has not, or has and does not take."""
    mode = params["mode"]
    for name, only in OF_ONE_MODE.items():
        if params.get(name) and mode != only:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    if mode == "payment":
        require(params, "line_items")
    elif not params.get("payment_method_types"):
        require(params, "currency")
    require(params, "success_url")
    if params.get("payment_method_collection"):
        reason = "You can only set `payment_method_collection` if there are recurring prices."
        raise invalid(reason, param="payment_method_collection")


def check_switches(params: Json) -> None:
    """Refuse what may only be switched off, and payment methods that are not rehearsed."""
    for name in ("adaptive_pricing", "automatic_tax", "managed_payments"):
        if params.get(name, {}).get("enabled"):
            raise not_here_yet(f"Checkout Sessions with `{name}`", param=f"{name}[enabled]")
    if params.get("allow_promotion_codes"):
        raise not_here_yet("promotion codes", param="allow_promotion_codes")
    foreign = [kind for kind in params.get("payment_method_types", []) if kind not in OFFERED[params["mode"]]]
    if foreign:
        what = f"the payment method type `{foreign[0]}` in mode `{params['mode']}`"
        raise not_here_yet(what, param="payment_method_types")


def check_intent_data(params: Json) -> None:
    """Refuse what is not passed on to the intent."""
    for holder, done in DONE_OF_INTENT.items():
        data = params.get(holder) or {}
        for name in data:
            if name not in done or (name == "capture_method" and data[name] == "manual"):
                full = f"{holder}[{name}]"
                raise not_here_yet(f"Checkout Sessions with `{full}`", param=full)
        merged({}, data.get("metadata"), param=f"{holder}[metadata]")


def check_urls(params: Json) -> None:
    """Refuse an address without a scheme, and what is none at all."""
    for name in ("success_url", "cancel_url"):
        if not params.get(name, "http://").startswith(("http://", "https://")):
            reason = "Invalid URL: An explicit scheme (such as https) must be provided."
            raise invalid(reason, param=name, code="url_invalid")
        if name in params and not web_address(params[name]):
            raise invalid("Not a valid URL", param=name, code="url_invalid")


def check_customer(params: Json) -> None:
    """Refuse what contradicts the customer given, or needs one."""
    for other in ("customer_email", "customer_creation"):
        if params.get("customer") and params.get(other):
            raise invalid(f"You may only specify one of these parameters: customer, {other}.", param="customer")
    changes = params.get("customer_update") or {}
    if changes and not params.get("customer"):
        raise invalid("`customer_update` can only be used with `customer`.", param="customer_update")
    for name in ("address", "shipping"):
        if changes.get(name) == "auto":
            full = f"customer_update[{name}]"
            raise not_here_yet(f"Checkout Sessions with `{full}`", param=full)


def methods(params: Json, currency: str | None) -> list[str]:
    """Return the payment methods that the page offers: those named, else all that the currency allows.

    Raises Refused when a bank account is to pay in another currency than usd.
    """
    named: list[str] = params.get("payment_method_types") or []
    bank.check_currency(named, currency, "payment_method_types")
    every = OFFERED[params["mode"]]
    return list(dict.fromkeys(named)) or [kind for kind in every if kind == "card" or currency == bank.CURRENCY]


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
