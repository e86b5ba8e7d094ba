"""PaymentIntents: made, confirmed, cancelled, read."""

from randonumber.sandbox import currencies
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.customers import check_email, filled, living
from randonumber.sandbox.resources.payments import bank, debits, intents, payments
from randonumber.sandbox.resources.payments.intents import OPEN, PAYMENT
from randonumber.sandbox.resources.payments.payment_intent_template import TEXTS, blank, options
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

__all__ = ["OPEN", "OPERATIONS", "cancelled", "make"]

HERE = frozenset({
    "amount", "automatic_payment_methods", "capture_method", "client_secret", "confirm", "confirmation_method",
    "currency", "customer", "error_on_requires_action", "mandate_data", "metadata", "off_session", "payment_method",
    "payment_method_data", "payment_method_options", "payment_method_types", "return_url", "setup_future_usage",
    "shipping", "use_stripe_sdk", *TEXTS,
})  # fmt: skip
WITH_CONFIRM_ALONE = ("off_session", "error_on_requires_action", "return_url", "mandate_data")
ALWAYS_CHANGEABLE = frozenset({"metadata", "description"})
# What a Checkout Session does not decide.
OF_NO_MATTER = ALWAYS_CHANGEABLE | {"shipping", *TEXTS}
ENDS_A_CHALLENGE = frozenset({"amount", "currency", "customer", "payment_method_types"})
CANCELABLE = (
    "requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, "
    "expired, processing"
)

NOTHING = (
    "The amount must be greater than or equal to the minimum charge amount allowed for your account and the currency "
    "set (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want to save a Payment "
    "Method for future use without an immediate payment, use a Setup Intent instead: "
    "https://docs.stripe.com/payments/setup-intents"
)


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/payment_intents."""
    refuse_the_undone(params)
    intents.check_offer(params)
    for name in WITH_CONFIRM_ALONE:
        if params.get(name) and not params.get("confirm"):
            raise invalid(
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is set to "
                "true.",
                param=name,
            )
    currency = currencies.checked(params["currency"], "currency")
    check_amount(params["amount"], currency)
    bank.check_currency(params.get("payment_method_types") or (), currency, "currency")
    if params.get("customer"):
        living(scope, params["customer"])
    intent = make(scope, params | {"currency": currency})
    method = intents.chosen(scope, PAYMENT, intent, params, known=False)
    if method:
        intents.put(scope, intent, method)
    return confirm_now(scope, intent, params) if params.get("confirm") else intent


def check_amount(amount: int, currency: str) -> None:
    """Refuse an amount outside of what can be charged; nothing at all in a sentence of its own, as recorded."""
    if amount == 0:
        raise invalid(NOTHING, param="amount", code="parameter_invalid_integer")
    currencies.check_amount(amount, currency, "amount")


def make(scope: Scope, params: Json) -> Json:
    """Keep a new intent and tell of it; the parameters are those of Stripe, already checked."""
    body = scope.insert(blank(scope, params))
    record(scope, "payment_intent.created", body)
    return body


def refuse_the_undone(params: Json) -> None:
    """Say plainly which parts of Stripe's intents are not rehearsed here, and what is no address for a receipt."""
    for name in params:
        if name not in HERE:
            raise not_here_yet(f"PaymentIntents with `{name}`", param=name)
    if params.get("capture_method") == "manual":
        raise not_here_yet("PaymentIntents with manual capture", param="capture_method")
    check_email(params.get("receipt_email"), "receipt_email")


def confirm_now(scope: Scope, intent: Json, params: Json) -> Json:
    """Pay with the method on the intent. Raises PaymentDeclined, or Refused without a method."""
    method = intents.ready(scope, PAYMENT, intent, params)
    return payments.pay(
        scope,
        intent,
        method,
        return_url=params.get("return_url"),
        off_session=params.get("off_session") not in (None, False, ""),
        accepted=bool(params.get("mandate_data")),
        challenges=not params.get("error_on_requires_action"),
    )


def confirm(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/payment_intents/{intent}/confirm."""
    refuse_the_undone(params)
    body = intents.found(scope, PAYMENT, intent, params)
    intents.refuse_of_checkout(scope, PAYMENT, body)
    if body["status"] not in OPEN:
        message = f"You cannot confirm this PaymentIntent because it has already {past(body['status'])}."
        raise intents.unexpected(scope, PAYMENT, body, message)
    take(body, params)
    method = intents.chosen(scope, PAYMENT, body, params)
    if method:
        intents.put(scope, body, method)
    with intents.shown_if_refused(scope, PAYMENT):
        return intents.shown(scope, PAYMENT, confirm_now(scope, body, params))


def past(status: str) -> str:
    """How an intent got to where it cannot be confirmed."""
    words = {"succeeded": "succeeded after being previously confirmed", "canceled": "been canceled"}
    return words.get(status, f"a status of {status}")


def take(body: Json, params: Json) -> None:
    """Take what a request sets, apart from the payment method, into the intent, in place."""
    if "currency" in params:
        body["currency"] = currencies.checked(params["currency"], "currency")
    if "amount" in params or "currency" in params:
        body["amount"] = params.get("amount", body["amount"])
        check_amount(body["amount"], body["currency"])
    if params.get("payment_method_types"):
        intents.check_offer(params)
        types = params["payment_method_types"]
        body |= intents.named(types)
        body["payment_method_options"] = options(types, params.get("payment_method_options"))
    elif "payment_method_options" in params:
        body["payment_method_options"] = options(body["payment_method_types"], params["payment_method_options"])
    if "shipping" in params:
        body["shipping"] = filled("shipping", params["shipping"])
    body |= {name: params[name] or None for name in (*TEXTS, "setup_future_usage") if name in params}
    body["metadata"] = merged(body["metadata"], params.get("metadata"))


def cancel(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/payment_intents/{intent}/cancel."""
    body = scope.get("payment_intent", intent, param="intent").body
    intents.refuse_of_checkout(scope, PAYMENT, body)
    if body["status"] == "processing":
        debits.withdraw(scope, body)
    elif body["status"] not in OPEN:
        raise intents.unexpected(
            scope,
            PAYMENT,
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
    return intents.shown(scope, PAYMENT, intents.found(scope, PAYMENT, intent, params))


def update(scope: Scope, params: Json, intent: str) -> Json:
    """POST /v1/payment_intents/{intent}: description and metadata at any time, the rest while it is open."""
    refuse_the_undone(params)
    body = scope.get("payment_intent", intent, param="intent").body
    if set(params) - OF_NO_MATTER:
        intents.refuse_of_checkout(scope, PAYMENT, body)
    locked = sorted(set(params) - ALWAYS_CHANGEABLE) if body["status"] not in OPEN else []
    if locked:
        raise intents.unexpected(
            scope,
            PAYMENT,
            body,
            param=locked[0],
            message=f"This PaymentIntent's {locked[0]} could not be updated because it has a status of "
            f"{body['status']}. You may only update the {locked[0]} of a PaymentIntent with one of the following "
            f"statuses: {', '.join(OPEN)}.",
        )
    if params.get("customer"):
        body["customer"] = living(scope, params["customer"])["id"]
    take(body, params)
    if body["status"] == "requires_action" and ENDS_A_CHALLENGE & set(params):
        body |= {"status": "requires_confirmation", "next_action": None}
    method = intents.chosen(scope, PAYMENT, scope.save(body), params)
    if method:
        intents.put(scope, body, method)
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
