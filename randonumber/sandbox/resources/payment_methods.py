"""Payment methods: cards by test number or by Stripe's `pm_card_…` names."""

import time

from randonumber.sandbox.cards import TOKENS, Card
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.resources import bank
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import invalid

NO_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def billing_details(email: str | None = None, name: str | None = None) -> Json:
    """Who pays, as far as known."""
    return {"address": dict(NO_ADDRESS), "email": email, "name": name, "phone": None, "tax_id": None}


def from_card(scope: Scope, card: Card, *, email: str | None = None, customer: str | None = None) -> Json:
    """Keep a card as a payment method; its number stays hidden."""
    return scope.insert(
        {
            "id": new_id("payment_method"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing_details(email),
            "card": card_details(card),
            "created": scope.now,
            "customer": customer,
            "customer_account": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
        },
        {"number": card.number if card.is_for_tests else ""},
    )


def card_details(card: Card) -> Json:
    """Return the `card` part of a payment method."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "fingerprint": card.fingerprint,
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def named(scope: Scope, name: str, *, param: str = "payment_method", customer: str | None = None) -> Json:
    """Return the payment method that a request names: one that is kept, or a new one for `pm_card_…`."""
    if name in TOKENS:
        moment = time.gmtime(scope.now)
        card = Card(number=TOKENS[name], exp_month=moment.tm_mon, exp_year=moment.tm_year + 1)
        return from_card(scope, card, customer=customer)
    if name in bank.TOKENS:
        account = bank.Account(number=bank.TOKENS[name])
        return bank.keep(scope, account, billing=billing_details(name="Jenny Rosen"), customer=customer)
    method = scope.get("payment_method", name, param=param, status=400).body
    if method["customer"] not in (None, customer):
        raise invalid(
            f"The provided PaymentMethod ({name}) belongs to another Customer than the one given.", param=param
        )
    return method


def number_of(scope: Scope, method_id: str) -> str:
    """Return the card number behind a payment method of this account."""
    number: str = scope.get("payment_method", method_id).hidden["number"]
    return number


def retrieve(scope: Scope, params: Json, payment_method: str) -> Json:
    """GET /v1/payment_methods/{payment_method}."""
    del params
    return scope.get("payment_method", payment_method, param="payment_method").body


OPERATIONS: Operations = {"GET /v1/payment_methods/{payment_method}": retrieve}
