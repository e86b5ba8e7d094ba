"""A PaymentIntent as Stripe shows it when it is new, and what it says of each type of payment method."""

from collections.abc import Sequence

from randonumber.sandbox.ids import characters, new_id
from randonumber.sandbox.resources.customers import filled
from randonumber.sandbox.resources.payments import bank, intents
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import not_here_yet
from randonumber.sandbox.wire.metadata import merged

TEXTS = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix", "transfer_group")
OPTIONS: dict[str, Json] = {
    "card": {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"},
    bank.METHOD: {"mandate_options": {}, "verification_method": "automatic"},
}
# What a request may say of them; the rest of Stripe's options is not rehearsed.
CHOICES = {"card": ("request_three_d_secure",), bank.METHOD: ("verification_method",)}


def options(types: Sequence[str], given: Json | None = None, *, without: Sequence[str] = ()) -> Json:
    """Return `payment_method_options` for these types. Raises Refused for an option that is not here."""
    check_options(given or {})
    found: Json = {}
    for kind in types:
        chosen = (given or {}).get(kind) or {}
        found[kind] = {name: value for name, value in (OPTIONS[kind] | chosen).items() if name not in without}
    return found


def check_options(given: Json) -> None:
    """Refuse the options that are not here."""
    for kind, chosen in given.items():
        for name in chosen or {}:
            if name not in CHOICES.get(kind, ()):
                full = f"payment_method_options[{kind}][{name}]"
                raise not_here_yet(f"intents with `{full}`", param=full)
        if kind not in CHOICES:
            raise not_here_yet(f"the payment method type `{kind}`", param=f"payment_method_options[{kind}]")


def blank(scope: Scope, params: Json) -> Json:
    """Return the body of a new intent; the parameters are those of Stripe, already checked."""
    intent_id = new_id("payment_intent")
    types = params.get("payment_method_types") or ["card"]
    return {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": intents.automatic(params),
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
        "payment_method_configuration_details": intents.configuration(scope, params),
        "payment_method_options": options(types, params.get("payment_method_options")),
        "payment_method_types": types,
        "payment_record": None,
        "processing": None,
        "review": None,
        "setup_future_usage": params.get("setup_future_usage") or None,
        "shared_payment_granted_token": None,
        "shipping": filled("shipping", params.get("shipping", "")),
        "source": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        **{name: params.get(name) or None for name in TEXTS},
    }
