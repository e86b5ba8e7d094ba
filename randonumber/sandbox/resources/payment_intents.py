"""PaymentIntents: made, confirmed, cancelled, read."""

import secrets

from randonumber.sandbox import currencies
from randonumber.sandbox.ids import characters, new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources import bank, debits, payments
from randonumber.sandbox.resources.customers import filled, living
from randonumber.sandbox.resources.payment_methods import named
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import Refused, fields, invalid, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

NOT_YET = frozenset({
    "application_fee_amount", "confirmation_token", "customer_account", "hooks", "mandate",
    "error_on_requires_action", "on_behalf_of",
    "payment_details", "payment_method_data", "transfer_data", "amount_details",
})  # fmt: skip
TEXTS = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix", "transfer_group")
# The payment methods offered, and what Stripe shows among an intent's options for each.
OPTIONS: dict[str, Json] = {
    "card": {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"},
    bank.METHOD: {"mandate_options": {}, "verification_method": "automatic"},
}
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = (
    "requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, "
    "processing"
)


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/payment_intents."""
    refuse_the_undone(params)
    currency = currencies.checked(params["currency"], "currency")
    currencies.check_amount(params["amount"], currency, "amount")
    if params.get("customer"):
        living(scope, params["customer"])
    intent = make(scope, params | {"currency": currency})
    if params.get("payment_method"):
        choose(scope, intent, params["payment_method"])
    if params.get("confirm"):
        return confirm_now(scope, intent, params)
    return intent


def make(scope: Scope, params: Json) -> Json:
    """Keep a new intent and tell of it; the parameters are those of Stripe, already checked."""
    intent_id = new_id("payment_intent")
    types = params.get("payment_method_types")
    body = {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": automatic(params) if not types else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": f"{intent_id}_secret_{characters(25)}",
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": scope.now,
        "currency": params["currency"],
        "customer": params.get("customer") or None,
        "customer_account": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": merged({}, params.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {name: dict(OPTIONS[name]) for name in types or ["card"]},
        "payment_method_types": types or ["card"],
        "processing": None,
        "review": None,
        "setup_future_usage": params.get("setup_future_usage") or None,
        "shipping": filled("shipping", params.get("shipping", "")),
        "source": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        **{name: params.get(name) or None for name in TEXTS},
    }
    scope.insert(body)
    record(scope, "payment_intent.created", body)
    return body


def automatic(params: Json) -> Json:
    """Dynamic payment methods, on unless types are named."""
    given = params.get("automatic_payment_methods") or {}
    return {"allow_redirects": given.get("allow_redirects", "always"), "enabled": True}


def refuse_the_undone(params: Json) -> None:
    """Say plainly which parts of Stripe's intents are not rehearsed here."""
    for name in params:
        if name in NOT_YET:
            raise not_here_yet(f"PaymentIntents with `{name}`", param=name)
    if params.get("capture_method") == "manual":
        raise not_here_yet("PaymentIntents with manual capture", param="capture_method")
    foreign = [kind for kind in params.get("payment_method_types", []) if kind not in OPTIONS]
    if foreign:
        raise not_here_yet(f"the payment method type `{foreign[0]}`", param="payment_method_types")


def choose(scope: Scope, intent: Json, name: str) -> None:
    """Put a payment method on an intent."""
    method = named(scope, name, customer=intent["customer"])
    scope.save(intent | {"payment_method": method["id"], "status": "requires_confirmation"})
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}


def confirm_now(scope: Scope, intent: Json, params: Json) -> Json:
    """Pay with the method on the intent. Raises PaymentDeclined, or Refused without a method."""
    if not intent["payment_method"]:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
        )
    if needs_return_url(intent) and not params.get("return_url") and not params.get("off_session"):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. "
            "If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents.",
        )
    method = scope.get("payment_method", intent["payment_method"]).body
    off_session = params.get("off_session") not in (None, False, "")
    return payments.pay(
        scope,
        intent,
        method,
        return_url=params.get("return_url"),
        off_session=off_session,
        accepted=bool(params.get("mandate_data")),
    )


def needs_return_url(intent: Json) -> bool:
    """Stripe asks for one where a redirect could happen."""
    automatic_ = intent["automatic_payment_methods"]
    return bool(automatic_ and automatic_["allow_redirects"] == "always")


def confirm(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/payment_intents/{intent}/confirm."""
    refuse_the_undone(params)
    body = scope.get("payment_intent", intent, param="intent").body
    check_secret(body, params)
    if body["status"] not in OPEN[:2]:
        raise unexpected(body, f"You cannot confirm this PaymentIntent because it has already {past(body['status'])}.")
    if params.get("payment_method"):
        choose(scope, body, params["payment_method"])
    body |= {"receipt_email": params.get("receipt_email") or body["receipt_email"]}
    return confirm_now(scope, body, params)


def past(status: str) -> str:
    """How an intent got to where it cannot be confirmed."""
    words = {"succeeded": "succeeded after being previously confirmed", "canceled": "been canceled"}
    return words.get(status, f"a status of {status}")


def check_secret(body: Json, params: Json) -> None:
    """Whoever comes with a client secret must have the right one. Raises Refused."""
    given = params.get("client_secret")
    if given is not None and not secrets.compare_digest(given.encode(), body["client_secret"].encode()):
        raise invalid(
            "The client_secret provided does not match any associated PaymentIntent on this account. Ensure the "
            "publishable key used belongs to the same account that created the PaymentIntent.",
            param="client_secret",
            code="resource_missing",
        )


def unexpected(body: Json, message: str) -> Refused:
    """400 `payment_intent_unexpected_state` with the intent inside."""
    found = fields(message, param=None, code="payment_intent_unexpected_state")
    return Refused(400, found | {"payment_intent": dict(body)})


def cancel(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/payment_intents/{intent}/cancel."""
    body = scope.get("payment_intent", intent, param="intent").body
    if body["status"] == "processing":
        debits.withdraw(scope, body)
    elif body["status"] not in OPEN:
        raise unexpected(
            body,
            f"You cannot cancel this PaymentIntent because it has a status of {body['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {CANCELABLE}.",
        )
    return cancelled(scope, body, params.get("cancellation_reason"))


def cancelled(scope: Scope, body: Json, reason: str | None) -> Json:
    """End an intent that was not paid."""
    body |= {"status": "canceled", "canceled_at": scope.now, "cancellation_reason": reason, "next_action": None}
    scope.save(body)
    record(scope, "payment_intent.canceled", body)
    return body


def retrieve(scope: Scope, params: Json, intent: str) -> Json:
    """GET /v1/payment_intents/{intent}."""
    body = scope.get("payment_intent", intent, param="intent").body
    check_secret(body, params)
    return body


def update(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/payment_intents/{intent}."""
    refuse_the_undone(params)
    body = scope.get("payment_intent", intent, param="intent").body
    locked = sorted(set(params) - {"metadata", "description"}) if body["status"] not in OPEN else []
    if locked:
        raise unexpected(
            body,
            f"This PaymentIntent's {locked[0]} could not be updated because it has a status of {body['status']}. "
            f"You may only update it in one of: {', '.join(OPEN)}.",
        )
    if "amount" in params:
        currencies.check_amount(params["amount"], body["currency"], "amount")
        body["amount"] = params["amount"]
    if params.get("customer"):
        body["customer"] = living(scope, params["customer"])["id"]
    body |= {name: params[name] or None for name in (*TEXTS, "setup_future_usage") if name in params}
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    scope.save(body)
    if params.get("payment_method"):
        choose(scope, body, params["payment_method"])
    return body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/payment_intents."""
    equal = {"customer": params.get("customer")}
    return page(scope, "payment_intent", params, url="/v1/payment_intents", equal=equal)


OPERATIONS: Operations = {
    "GET /v1/payment_intents": listing,
    "POST /v1/payment_intents": create,
    "GET /v1/payment_intents/{intent}": retrieve,
    "POST /v1/payment_intents/{intent}": update,
    "POST /v1/payment_intents/{intent}/cancel": cancel,
    "POST /v1/payment_intents/{intent}/confirm": confirm,
}
