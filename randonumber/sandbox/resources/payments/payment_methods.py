"""Payment methods: cards by test number, by token or by Stripe's `pm_card_…` names, and bank accounts."""

from collections.abc import Callable

from randonumber.sandbox.cards import TOKENS, Card
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.resources.payments import bank, card_data
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import not_here_yet, unchecked
from randonumber.sandbox.wire.metadata import merged

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
PERSON = ("email", "name", "phone", "tax_id")


def billing_details(email: str | None = None, name: str | None = None) -> Json:
    """Who pays, as far as known."""
    return billing({"email": email, "name": name})


def billing(given: Json | str | None, old: Json | None = None) -> Json:
    """Return billing details with every key that Stripe shows; what is not given stays as it was."""
    new = given if isinstance(given, dict) else {}
    before = old or {}
    address = new.get("address", {}) or {}
    kept = before.get("address", {}) if new.get("address", {}) != "" else {}
    return {
        "address": {name: address.get(name, kept.get(name)) or None for name in ADDRESS},
        **{name: new.get(name, before.get(name)) or None for name in PERSON},
    }


def from_card(
    scope: Scope,
    card: Card,
    *,
    email: str | None = None,
    customer: str | None = None,
    billed: Json | None = None,
    cvc_check: str | None = "unchecked",
) -> Json:
    """Keep a card as a payment method; its number stays hidden."""
    return scope.insert(
        {
            "id": new_id("payment_method"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billed or billing_details(email),
            "card": card_details(card, cvc_check),
            "created": scope.now,
            "customer": customer,
            "customer_account": None,
            "livemode": False,
            "metadata": {},
            "shared_payment_granted_token": None,
            "type": "card",
        },
        {"number": card.number if card.is_for_tests else ""},
    )


def card_details(card: Card, cvc_check: str | None = "unchecked") -> Json:
    """Return the `card` part of a payment method."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": cvc_check},
        "country": card.country,
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_from(scope: Scope, params: Json, name: str) -> Json:
    """Keep the card of a request."""
    given = params["card"]
    if "networks" in given:
        raise not_here_yet("cards with `networks`", param=f"{name}[networks]")
    card, cvc_check = card_data.read(scope, given, name)
    return from_card(scope, card, billed=billing(params.get("billing_details")), cvc_check=cvc_check)


def account_from(scope: Scope, params: Json, name: str) -> Json:
    """Keep the bank account of a request."""
    account = bank.checked(params[bank.METHOD], name)
    return bank.keep(scope, account, billing=billing(params.get("billing_details")))


TYPES: dict[str, Callable[[Scope, Json, str], Json]] = {"card": card_from, bank.METHOD: account_from}
HERE = {"type", "billing_details", "metadata", "allow_redisplay"} | set(TYPES)


def new(scope: Scope, params: Json, within: str = "") -> Json:
    """Keep a new payment method; `within` is the parameter that holds it, in `payment_method_data`."""
    for name in params:
        if name not in HERE:
            raise not_here_yet(f"payment methods with `{name}`", param=inner(within, name))
    kind = params.get("type")
    if not kind:
        raise missing_param(inner(within, "type"))
    if kind not in TYPES:
        raise not_here_yet(f"the payment method type `{kind}`", param=inner(within, "type"))
    if not params.get(kind):
        raise missing_param(inner(within, kind))
    body = TYPES[kind](scope, params, inner(within, kind))
    body["allow_redisplay"] = params.get("allow_redisplay") or "unspecified"
    body["metadata"] = merged({}, params.get("metadata"), param=inner(within, "metadata"))
    return scope.save(body)


def inner(within: str, name: str) -> str:
    """`type`, or `payment_method_data[type]`."""
    return f"{within}[{name}]" if within else name


def missing_param(name: str) -> Exception:
    """Return Stripe's complaint about a parameter that is not there."""
    return unchecked(f"Missing required param: {name}.", param=name, code="parameter_missing")


def named(scope: Scope, name: str, *, param: str = "payment_method", status: int = 400) -> Json:
    """Return the payment method that a request names: one that is kept, or a new one for `pm_card_…`."""
    if name in TOKENS:
        return from_card(scope, card_data.next_year(scope, TOKENS[name]))
    if name in bank.TOKENS:
        account = bank.Account(number=bank.TOKENS[name])
        return bank.keep(scope, account, billing=billing_details(name="Jenny Rosen"))
    return scope.get("payment_method", name, param=param, status=status).body


def number_of(scope: Scope, method_id: str) -> str:
    """Return the card or account number behind a payment method of this account."""
    number: str = scope.get("payment_method", method_id).hidden["number"]
    return number
