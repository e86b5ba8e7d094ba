"""Paying on our own page: the purchase of a form, and the secret by which the browser pays its intent.

The secret is read from Stripe each time and kept nowhere. It is given away only while the intent can be paid and is
for what the form asks now: whoever changes the quantity pays the new one or learns that the old one is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from randonumber.credits.models import Purchase, PurchaseStatus
from randonumber.credits.service import intents
from randonumber.credits.service.refreshing import refresh_purchase
from randonumber.credits.service.sessions import read_purchase
from randonumber.credits.service.starting import is_for, start_purchase
from randonumber.database import transaction
from randonumber.errors import TryLater
from randonumber.stripe_gateway import StripeNotFound, StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from randonumber.credits.service.starting import Order
    from randonumber.hooks import Person
    from randonumber.stripe_gateway import PaymentIntent

RETRY_AFTER_SECONDS: Final = 2
LET_GO: Final = frozenset({PurchaseStatus.EXPIRED, PurchaseStatus.FAILED})


@dataclass(frozen=True, kw_only=True)
class OnPage:
    """A purchase as its page sees it; `client_secret` is there while it can be paid. The amount in minor units."""

    ref: str
    status: PurchaseStatus
    amount_minor: int
    currency: str
    client_secret: str | None = None

    def __repr__(self) -> str:
        """Return which purchase it is, without its secret."""
        return f"<OnPage {self.ref} {self.status}>"


def start_on_page(buyer: Person, order: Order, *, network: str) -> OnPage:
    """Start the purchase of a form or go on with it, and return it with what the browser pays it by.

    Calls the network; safe to call again with the same form. Raises NotForSale, RateLimited, and TryLater when Stripe
    does not answer: the purchase is kept, and the same form goes on with it.
    """
    purchase, secret = _start_or_go_on(buyer, order, network)
    if not is_for(purchase, order) and purchase.status in LET_GO:  # it is over now: its form is free for this order
        purchase, secret = _start_or_go_on(buyer, order, network)
    if secret is not None and not is_for(purchase, order):
        raise _try_later()  # the other order's intent could not be cancelled yet: neither may be paid now
    return OnPage(
        ref=purchase.ref,
        status=PurchaseStatus(purchase.status),
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        client_secret=secret,
    )


def _start_or_go_on(buyer: Person, order: Order, network: str) -> tuple[Purchase, str | None]:
    """Return the form's purchase level with Stripe, and its intent's secret while it can be paid. Raises TryLater."""
    purchase = _get(start_purchase(buyer, order, network=network).ref)
    if purchase.status != PurchaseStatus.PENDING:
        return purchase, None
    if purchase.payment_intent_id is None:
        raise _try_later()
    try:
        intent = _read(purchase.payment_intent_id)
        if intent is not None and intent.status in intents.PAYABLE:
            return purchase, intent.client_secret
        refresh_purchase(purchase.ref, actor=f"user:{buyer.ref}")
    except (StripeUnavailable, StripeRefused) as error:
        raise _try_later() from error
    return _get(purchase.ref), None


def _read(payment_intent_id: str) -> PaymentIntent | None:
    try:
        return gateway().get_payment_intent(payment_intent_id)
    except StripeNotFound:
        return None


def _get(ref: str) -> Purchase:
    with transaction() as session:
        return read_purchase(session, ref)


def _try_later() -> TryLater:
    message = "Stripe does not answer at the moment. Your order is kept: please press Pay again in a moment."
    return TryLater(message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
