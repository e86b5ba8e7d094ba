"""What PaymentIntents and SetupIntents have in common: their secret, the method put on them, and Stripe's words."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from randonumber.sandbox.addresses import return_address
from randonumber.sandbox.ids import configuration_id
from randonumber.sandbox.resources.payments import bank, payment_methods, saved_methods
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import Refused, fields, invalid, not_here_yet

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
TYPES = ("card", bank.METHOD)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One of the two: the name in Stripe's sentences, the kind of object, and what a publishable key may see of it."""

    name: str
    object: str
    public: frozenset[str]


PAYMENT: Final = Kind(
    name="PaymentIntent",
    object="payment_intent",
    public=frozenset({
        "id", "object", "allowed_payment_method_types", "amount", "amount_details", "automatic_payment_methods",
        "canceled_at", "cancellation_reason", "capture_method", "client_secret", "confirmation_method", "created",
        "currency", "description", "excluded_payment_method_types", "last_payment_error", "livemode", "next_action",
        "payment_method", "payment_method_configuration_details", "payment_method_types", "processing",
        "receipt_email", "setup_future_usage", "shipping", "source", "status",
    }),
)  # fmt: skip
SETUP: Final = Kind(
    name="SetupIntent",
    object="setup_intent",
    public=frozenset({
        "id", "object", "allowed_payment_method_types", "automatic_payment_methods", "cancellation_reason",
        "client_secret", "created", "description", "excluded_payment_method_types", "last_setup_error", "livemode",
        "next_action", "payment_method", "payment_method_configuration_details", "payment_method_types", "status",
        "usage",
    }),
)  # fmt: skip


def shown(scope: Scope, kind: Kind, body: Json) -> Json:
    """Return an intent as this key may see it: a publishable one sees what the buyer's page needs and no more."""
    if not scope.key.startswith("pk_"):
        return body
    return {name: value for name, value in body.items() if name in kind.public}


@contextmanager
def shown_if_refused(scope: Scope, kind: Kind) -> Iterator[None]:
    """Let a refusal hold the intent as this key may see it."""
    try:
        yield
    except Refused as error:
        if kind.object in error.fields:
            error.fields[kind.object] = shown(scope, kind, error.fields[kind.object])
        raise


def refused(scope: Scope, kind: Kind, body: Json, why: Json) -> Refused:
    """Return a 400 with the intent inside."""
    return Refused(400, why | {kind.object: dict(shown(scope, kind, body))})


def unexpected(scope: Scope, kind: Kind, body: Json, message: str, *, param: str | None = None) -> Refused:
    """400 `payment_intent_unexpected_state`, or `setup_intent_…`, with the intent inside."""
    return refused(scope, kind, body, fields(message, param=param, code=f"{kind.object}_unexpected_state"))


def found(scope: Scope, kind: Kind, intent: str, params: Json) -> Json:
    """Return an intent by its id. Raises Refused when a client secret came along that is not its own."""
    body = scope.get(kind.object, intent, param="intent").body
    given = params.get("client_secret")
    if given is not None and not secrets.compare_digest(given.encode(), body["client_secret"].encode()):
        raise invalid(
            f"The client_secret provided does not match any associated {kind.name} on this account. Ensure the "
            f"publishable key used belongs to the same account that created the {kind.name}.",
            param="client_secret",
            code="resource_missing",
        )
    return body


def refuse_of_checkout(scope: Scope, kind: Kind, body: Json) -> None:
    """Refuse to do by the API what the hosted page does with an intent of its own: it would be paid twice, or never.

    https://docs.stripe.com/api/payment_intents/cancel
    """
    if scope.get(kind.object, body["id"]).hidden.get("session"):
        raise invalid(f"You cannot perform this action on {kind.name}s created by Checkout.")


def check_offer(params: Json) -> None:
    """Refuse payment method types that are not here, and naming them beside leaving them to Stripe."""
    named = params.get("payment_method_types") or []
    for kind in named:
        if kind not in TYPES:
            raise not_here_yet(f"the payment method type `{kind}`", param="payment_method_types")
    for other in ("payment_method_types", "confirmation_method"):
        if (params.get("automatic_payment_methods") or {}).get("enabled") and other in params:
            raise invalid(
                f"You may only specify one of these parameters: automatic_payment_methods, {other}.",
                param="automatic_payment_methods",
            )


def automatic(params: Json) -> Json | None:
    """Dynamic payment methods, on unless types are named or they are turned off."""
    given = params.get("automatic_payment_methods") or {}
    if params.get("payment_method_types") or given.get("enabled") is False:
        return None
    return {"allow_redirects": given.get("allow_redirects", "always"), "enabled": True}


def configuration(scope: Scope, params: Json) -> Json | None:
    """Return the Dashboard's settings that dynamic payment methods come from, None when types are named."""
    return {"id": configuration_id(scope.account), "parent": None} if automatic(params) else None


def named(types: list[str]) -> Json:
    """Return what an intent says when its payment method types are named, not left to Stripe."""
    return {
        "automatic_payment_methods": None,
        "payment_method_configuration_details": None,
        "payment_method_types": types,
    }


def chosen(scope: Scope, kind: Kind, intent: Json, params: Json, *, known: bool = True) -> Json | None:
    """Return the method that a request puts on an intent, None when it names none.

    Raises Refused for a method that is unknown, used up, of another customer or of a type not offered; with the intent
    inside unless it is only being made (`known` False).
    """
    if params.get("payment_method") and params.get("payment_method_data"):
        raise invalid(
            "You may only specify one of these parameters: payment_method, payment_method_data.",
            param="payment_method",
        )
    if params.get("payment_method_data"):
        method = payment_methods.new(scope, params["payment_method_data"], "payment_method_data")
    elif params.get("payment_method"):
        method = payment_methods.named(scope, params["payment_method"])
    else:
        return None
    complaint = unfit(scope, kind, intent, method)
    if complaint:
        absent = kind is PAYMENT and complaint.startswith("The `payment_method`")
        why = fields(
            complaint,
            param="source" if absent else "payment_method",
            code="parameter_missing" if absent else None,
        )
        raise refused(scope, kind, intent, why) if known else Refused(400, why)
    return method


def unfit(scope: Scope, kind: Kind, intent: Json, method: Json) -> str | None:
    """Return Stripe's sentence for a method that cannot be on this intent."""
    owner, customer, types = method["customer"], intent["customer"], intent["payment_method_types"]
    if owner and not customer:
        payment = "`payment_method` parameter supplied {id}"
        supplied = (payment if kind is PAYMENT else "payment method supplied ({id})").format(id=method["id"])
        return (
            f"The {supplied} belongs to the Customer {owner}. Please include the Customer in the `customer` parameter "
            f"on the {kind.name}."
        )
    if owner and owner != customer:
        return (
            f"The PaymentMethod {method['id']} does not belong to the Customer you supplied {customer}. Please use "
            "this PaymentMethod with the Customer that it belongs to instead."
        )
    if not owner and saved_methods.is_used_up(scope, method):
        return saved_methods.USED_UP
    if not intent["automatic_payment_methods"] and method["type"] not in types:
        return (
            f"The PaymentMethod provided ({method['type']}) is not allowed for this {kind.name}. Please attach a "
            f"PaymentMethod of the following types: {', '.join(types)}. Alternatively update the allowed "
            f'payment_method_types for this {kind.name} to include "{method["type"]}".'
        )
    return None


def ready(scope: Scope, kind: Kind, intent: Json, params: Json) -> Json:
    """Return the method of an intent that is being confirmed.

    Raises Refused without one, without a `return_url` where Stripe wants one, or with one that leads nowhere.
    """
    if not intent["payment_method"]:
        raise unexpected(scope, kind, intent, methodless(kind, intent))
    offered = intent["automatic_payment_methods"]
    redirects = bool(offered and offered["allow_redirects"] == "always")
    if redirects and not params.get("return_url") and not params.get("off_session"):
        raise invalid(
            f"This {kind.name} is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. "
            "If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents.",
        )
    if params.get("return_url") and not return_address(params["return_url"]):
        raise invalid("Not a valid URL", param="return_url", code="url_invalid")
    method = scope.get("payment_method", intent["payment_method"]).body
    complaint = unfit(scope, kind, intent, method)
    if complaint:
        raise refused(scope, kind, intent, fields(complaint, param=None, code=None))
    return method


def methodless(kind: Kind, intent: Json) -> str:
    """Return what Stripe says of confirming an intent without a method, as recorded."""
    start = f"You cannot confirm this {kind.name} because it's missing a payment method."
    if kind is PAYMENT and intent["customer"]:
        return (
            f"{start} To confirm the PaymentIntent with {intent['customer']}, specify a payment method attached to "
            "this customer along with the customer ID."
        )
    return (
        f"{start} You can either update the {kind.name} with a payment method and then confirm it again, or confirm "
        "it again directly with a payment method or ConfirmationToken."
    )


def put(scope: Scope, intent: Json, method: Json) -> None:
    """Put a method on an intent, which wants to be confirmed then."""
    intent |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}
    scope.save(intent)


def redirect(scope: Scope, intent: Json, return_url: str | None) -> Json:
    """Return the `next_action` that leads to the challenge page."""
    url = f"{scope.base_url}/challenge/{intent['id']}"
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}


def keep(scope: Scope, kind: Kind, intent: Json, more: Json) -> Json:
    """Save an intent with more of what only the sandbox knows about it."""
    hidden = scope.get(kind.object, intent["id"]).hidden
    return scope.save(intent, hidden | more)
