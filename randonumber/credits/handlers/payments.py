"""Events of sessions, payments and customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.credits.service import cards, refreshing
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect, StripeEvent

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


def on_session(event: StripeEvent) -> Effect | None:
    """Bring the purchase of a Checkout Session level; None when the session is not one of ours. Calls the network."""
    if event.account is not None or event.object_id is None:
        return None
    try:
        found = gateway().get_checkout_session(event.object_id)
    except StripeNotFound:
        return None
    ref = refreshing.own_ref(found.client_reference_id)
    return refreshing.effect_of(ref, found, actor=event.actor) if ref else None


def on_payment(event: StripeEvent) -> Effect | None:
    """Bring the purchase of a payment level; None when the payment is not one of ours. Calls the network."""
    if event.account is not None or event.object_id is None:
        return None
    try:
        intent = gateway().get_payment_intent(event.object_id)
    except StripeNotFound:
        return None
    ref = refreshing.own_ref(intent.metadata.get("purchase_ref"))
    return refreshing.effect_of_intent(ref, intent, actor=event.actor) if ref else None


def on_customer_deleted(event: StripeEvent) -> Effect | None:
    """Forget a customer that was deleted at Stripe, and the saved cards: an id that is gone never comes back."""
    stripe_customer_id = event.object_id
    if event.account is not None or stripe_customer_id is None:
        return None
    return lambda session: cards.forget_customer(session, stripe_customer_id)
