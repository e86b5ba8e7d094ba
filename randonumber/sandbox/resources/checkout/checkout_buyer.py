"""Who stands before the hosted page, and where the page leads."""

import re
from dataclasses import dataclass

from randonumber.sandbox.cards import Card
from randonumber.sandbox.resources.payments.payment_methods import billing_details, from_card
from randonumber.sandbox.scope import Json, Scope

EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """What the page learnt of a buyer."""

    email: str | None
    name: str | None = None

    @property
    def billing_details(self) -> Json:
        """Return it as a payment method shows it."""
        return billing_details(self.email, self.name)

    @property
    def as_customer(self) -> Json:
        """Return what a customer is made of."""
        return {name: value for name, value in (("email", self.email), ("name", self.name)) if value}


def is_email(text: str | None) -> bool:
    """Whether this can be an address: with a domain, and without what nobody can see."""
    return text is not None and EMAIL.match(text) is not None and text.isprintable()


def keep_card(scope: Scope, card: Card, buyer: Buyer) -> Json:
    """Keep the card that a buyer typed as a payment method."""
    return scope.save(from_card(scope, card) | {"billing_details": buyer.billing_details})


def success_url(session: Json) -> str:
    """Where a buyer goes after paying or saving."""
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


def cancel_url(session: Json) -> str | None:
    """Where a buyer goes who gives up."""
    url: str | None = session["cancel_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"]) if url else None
