"""Events of sessions, payments and customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.credits.handlers.own import of_our_account
from randonumber.credits.service import cards, refreshing
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect

SESSION_EVENTS: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)
INTENT_EVENTS: Final = ("payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled")


def init_app(app: Flask) -> None:
    """Subscribe to the events of purchases."""
    for event_type in SESSION_EVENTS:
        inbox.register(app, event_type, on_session)
    for event_type in INTENT_EVENTS:
        inbox.register(app, event_type, on_payment)
    inbox.register(app, "customer.deleted", on_customer_deleted)


@of_our_account
def on_session(object_id: str, actor: str) -> Effect | None:
    """Bring the purchase of a Checkout Session level; None when the session is not one of ours. Calls the network.

    Its metadata says whose it is, which only we can write: `client_reference_id` comes from whoever pays, where it is a
    Payment Link (https://docs.stripe.com/payment-links/url-parameters).
    """
    try:
        found = gateway().get_checkout_session(object_id)
    except StripeNotFound:
        return None
    ref = refreshing.own_ref(found.metadata.get("ref"))
    return refreshing.effect_of(ref, found, actor=actor) if ref else None


@of_our_account
def on_payment(object_id: str, actor: str) -> Effect | None:
    """Bring the purchase of a payment level; None when the payment is not one of ours. Calls the network."""
    try:
        intent = gateway().get_payment_intent(object_id)
    except StripeNotFound:
        return None
    ref = refreshing.own_ref(intent.metadata.get("purchase_ref"))
    return refreshing.effect_of_intent(ref, intent, actor=actor) if ref else None


@of_our_account
def on_customer_deleted(object_id: str, _actor: str) -> Effect | None:
    """Forget a customer that was deleted at Stripe, and the saved cards: an id that is gone never comes back."""
    return lambda session: cards.forget_customer(session, object_id)
