"""What was typed on the hosted page, and what is wrong with it."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from randonumber.sandbox import cards
from randonumber.sandbox.resources.checkout.checkout_buyer import Buyer, is_email
from randonumber.sandbox.resources.payments import bank
from randonumber.sandbox.scope import Json, Scope

EXPIRY = re.compile(r"^\s*(\d{1,2})\s*/?\s*(\d{2}|\d{4})\s*$", re.ASCII)
UNSEEN = re.compile(r"[\x00-\x1f\x7f]")  # not typed by people, and many a database keeps no null byte
FIELDS = ("email", "name", "card_number", "exp", "cvc", "account_holder", "routing_number", "account_number")
LONGEST_FIELD = 200
MONTHS = 12
CENTURY = 1000


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was typed, the payment method chosen, and what is wrong, by field."""

    method: str = "card"
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def buyer(self) -> Buyer:
        """Return who pays."""
        name = self.typed["account_holder" if self.method == bank.METHOD else "name"]
        return Buyer(email=self.typed["email"], name=name or None)

    @property
    def card(self) -> cards.Card:
        """Return the card, where nothing is wrong."""
        year, month = expiry(self.typed["exp"]) or (0, 0)
        return cards.Card(number=digits(self.typed["card_number"]), exp_month=month, exp_year=year)

    @property
    def account(self) -> bank.Account:
        """Return the bank account, where nothing is wrong."""
        return bank.Account(number=digits(self.typed["account_number"]), routing=digits(self.typed["routing_number"]))


def read(scope: Scope, session: Json, form: Mapping[str, str]) -> Attempt:
    """Read the form and complain about what cannot be right. Without `payment_method` it is the first one offered."""
    offered: list[str] = session["payment_method_types"]
    typed = {name: UNSEEN.sub("", form.get(name, "")).strip()[:LONGEST_FIELD] for name in FIELDS}
    typed["email"] = known_email(scope, session) or typed["email"]
    method = form.get("payment_method") or ("card" if "card" in offered else offered[0])
    errors: dict[str, str] = {}
    if not is_email(typed["email"]):
        errors["email"] = "Your email is incomplete."
    if method == "card":
        moment = time.gmtime(scope.now)
        today = (moment.tm_year, moment.tm_mon)
        errors |= cards.complaints(digits(typed["card_number"]), expiry(typed["exp"]), typed["cvc"], now=today)
    else:
        account, routing = digits(typed["account_number"]), digits(typed["routing_number"])
        errors |= bank.complaints(account, routing, typed["account_holder"])
    if method not in offered:
        method, errors = offered[0], {"form": "This way to pay is not offered."}
    if form.get("action") != "pay":
        errors["form"] = "Choose to pay or to cancel."
    return Attempt(method=method, typed=typed, errors=errors)


def digits(text: str) -> str:
    """Return a number without the spaces and dashes that people type."""
    return re.sub(r"[\s-]", "", text)


def expiry(text: str) -> tuple[int, int] | None:
    """(year, month) of `12/34`, None when it is neither."""
    found = EXPIRY.match(text)
    month = int(found[1]) if found else 0
    if not found or not 1 <= month <= MONTHS:
        return None
    year = int(found[2])
    return (year if year >= CENTURY else 2000 + year), month


def known_email(scope: Scope, session: Json) -> str | None:
    """Return an address that the shop gave along, which the buyer does not change unless it cannot be right."""
    customer = session["customer"]
    given: str | None = scope.get("customer", customer).body.get("email") if customer else session["customer_email"]
    return given if is_email(given) else None
