"""SetupIntents: cards and bank accounts kept for later, by way of their bank."""

from randonumber.sandbox.ids import characters, new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.customers import living
from randonumber.sandbox.resources.payments import intents, setup_attempts, setups
from randonumber.sandbox.resources.payments.intents import SETUP
from randonumber.sandbox.resources.payments.payment_intent_template import options
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

HERE = frozenset({
    "automatic_payment_methods", "client_secret", "confirm", "customer", "description", "mandate_data", "metadata",
    "payment_method", "payment_method_data", "payment_method_options", "payment_method_types", "return_url", "usage",
    "use_stripe_sdk",
})  # fmt: skip
ALWAYS_CHANGEABLE = frozenset({"description", "metadata"})
CANCELABLE = "`requires_payment_method`, `requires_confirmation`, or `requires_action`"


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/setup_intents."""
    refuse_the_undone(params)
    intents.check_offer(params)
    if params.get("customer"):
        living(scope, params["customer"])
    intent = make(scope, params)
    method = intents.chosen(scope, SETUP, intent, params, known=False)
    if method:
        intents.put(scope, intent, method)
    return confirm_now(scope, intent, params) if params.get("confirm") else intent


def make(scope: Scope, params: Json) -> Json:
    """Keep a new intent and tell of it; the parameters are those of Stripe, already checked.

    Its `usage` is always `off_session`, whatever was asked for, as recorded.
    """
    intent_id = new_id("setup_intent")
    types = params.get("payment_method_types") or ["card"]
    body = {
        "id": intent_id,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        "automatic_payment_methods": intents.automatic(params),
        "cancellation_reason": None,
        "client_secret": f"{intent_id}_secret_{characters(31)}",
        "created": scope.now,
        "customer": params.get("customer") or None,
        "customer_account": None,
        "description": params.get("description") or None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "mandate": None,
        "metadata": merged({}, params.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": intents.configuration(scope, params),
        "payment_method_options": options(types, params.get("payment_method_options"), without=("installments",)),
        "payment_method_types": types,
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    scope.insert(body)
    record(scope, "setup_intent.created", body)
    return body


def refuse_the_undone(params: Json) -> None:
    """Say plainly which parts of Stripe's SetupIntents are not rehearsed here."""
    for name in params:
        if name not in HERE:
            raise not_here_yet(f"SetupIntents with `{name}`", param=name)


def confirm_now(scope: Scope, intent: Json, params: Json) -> Json:
    """Set the method on the intent up. Raises SetupDeclined, or Refused without a method."""
    method = intents.ready(scope, SETUP, intent, params)
    accepted = bool(params.get("mandate_data"))
    return confirm_with(scope, intent, method, return_url=params.get("return_url"), accepted=accepted)


def confirm_with(scope: Scope, intent: Json, method: Json, *, return_url: str | None, accepted: bool = False) -> Json:
    """Set a method up for an intent. Returns it succeeded or asking for a challenge; raises SetupDeclined."""
    return setups.begin(scope, intent, method, return_url=return_url, accepted=accepted)


def confirm(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/setup_intents/{intent}/confirm."""
    refuse_the_undone(params)
    body = intents.found(scope, SETUP, intent, params)
    intents.refuse_of_checkout(scope, SETUP, body)
    if body["status"] not in intents.OPEN:
        past = "has been canceled" if body["status"] == "canceled" else "has already succeeded"
        raise intents.unexpected(scope, SETUP, body, f"You cannot confirm this SetupIntent because it {past}.")
    method = intents.chosen(scope, SETUP, body, params)
    if method:
        intents.put(scope, body, method)
    take_options(body, params)
    with intents.shown_if_refused(scope, SETUP):
        return intents.shown(scope, SETUP, confirm_now(scope, body, params))


def take_options(body: Json, params: Json) -> None:
    """Take what a request says of each type of method into the intent, in place."""
    if "payment_method_options" in params:
        given = params["payment_method_options"]
        body["payment_method_options"] = options(body["payment_method_types"], given, without=("installments",))


def cancel(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/setup_intents/{intent}/cancel."""
    body = scope.get("setup_intent", intent, param="intent").body
    intents.refuse_of_checkout(scope, SETUP, body)
    if body["status"] == "canceled":
        message = "You cannot cancel this SetupIntent because it is already canceled."
        raise intents.unexpected(scope, SETUP, body, message)
    if body["status"] not in intents.OPEN:
        raise intents.unexpected(
            scope,
            SETUP,
            body,
            f"You cannot cancel this SetupIntent because it has a status of {body['status']}. Only a SetupIntent with "
            f"one of the following statuses may be canceled: {CANCELABLE}.",
        )
    return cancelled(scope, body, params.get("cancellation_reason"))


def cancelled(scope: Scope, body: Json, reason: str | None) -> Json:
    """End an intent that was not used."""
    if body["status"] == "requires_action":
        setup_attempts.end(scope, body, "abandoned")
    body |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    scope.save(body)
    record(scope, "setup_intent.canceled", body)
    return body


def retrieve(scope: Scope, params: Json, intent: str) -> Json:
    """GET /v1/setup_intents/{intent}."""
    return intents.shown(scope, SETUP, intents.found(scope, SETUP, intent, params))


def update(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/setup_intents/{intent}: description and metadata at any time, the rest while it is open."""
    refuse_the_undone(params)
    body = scope.get("setup_intent", intent, param="intent").body
    if set(params) - ALWAYS_CHANGEABLE:
        intents.refuse_of_checkout(scope, SETUP, body)
    if body["status"] not in intents.OPEN and set(params) - ALWAYS_CHANGEABLE:
        past = "has been canceled" if body["status"] == "canceled" else "has already succeeded"
        raise intents.unexpected(scope, SETUP, body, f"You cannot update this SetupIntent because it {past}.")
    if params.get("customer"):
        body["customer"] = living(scope, params["customer"])["id"]
    if params.get("payment_method_types"):
        intents.check_offer(params)
        body |= intents.named(params["payment_method_types"])
    if "description" in params:
        body["description"] = params["description"] or None
    take_options(body, params)
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    method = intents.chosen(scope, SETUP, scope.save(body), params)
    if method:
        intents.put(scope, body, method)
    return body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/setup_intents."""
    for name in ("attach_to_self", "customer_account"):
        if name in params:
            raise not_here_yet(f"SetupIntents with `{name}`", param=name)
    equal = {name: params.get(name) for name in ("payment_method", "customer")}
    return page(scope, "setup_intent", params, url="/v1/setup_intents", equal=equal)


OPERATIONS: Operations = {
    "GET /v1/setup_intents": listing,
    "POST /v1/setup_intents": create,
    "GET /v1/setup_intents/{intent}": retrieve,
    "POST /v1/setup_intents/{intent}": update,
    "POST /v1/setup_intents/{intent}/cancel": cancel,
    "POST /v1/setup_intents/{intent}/confirm": confirm,
}
