"""What Stripe's events mean to purchases. An event only says that something happened: the object is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import inbox
from randonumber.credits.models import Purchase
from randonumber.credits.service import customers, refreshing
from randonumber.database import transaction
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from randonumber.inbox import Effect, StripeEvent

SESSION_EVENTS: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)


def init_app(app: Flask) -> None:
    """Subscribe to the events of purchases."""
    for event_type in SESSION_EVENTS:
        inbox.register(app, event_type, on_session)
    inbox.register(app, "payment_intent.succeeded", on_payment)
    inbox.register(app, "customer.deleted", on_customer_deleted)


def on_session(event: StripeEvent) -> Effect | None:
    """Bring the purchase of a Checkout Session level; None when the session is not one of ours. Calls the network."""
    if event.account is not None or event.object_id is None:
        return None
    try:
        found = gateway().get_checkout_session(event.object_id)
    except StripeNotFound:
        return None
    ref = own_ref(found.client_reference_id)
    return refreshing.effect_of(ref, found, actor=event.actor) if ref else None


def on_payment(event: StripeEvent) -> Effect | None:
    """Complete the purchase of a payment; None when the payment is not one of ours. Calls the network."""
    if event.account is not None or event.object_id is None:
        return None
    try:
        intent = gateway().get_payment_intent(event.object_id)
    except StripeNotFound:
        return None
    ref = purchase_ref_of(intent.metadata)
    return refreshing.effect_of_intent(ref, intent, actor=event.actor) if ref else None


def on_customer_deleted(event: StripeEvent) -> Effect | None:
    """Forget a customer that was deleted at Stripe: an id that is gone never comes back."""
    stripe_customer_id = event.object_id
    if event.account is not None or stripe_customer_id is None:
        return None
    return lambda session: customers.forget(session, stripe_customer_id)


def purchase_ref_of(metadata: Mapping[str, str]) -> str | None:
    """Return the purchase that a payment or a charge was made for, if it is one of ours."""
    return own_ref(metadata.get("purchase_ref"))


def own_ref(ref: str | None) -> str | None:
    """Return the ref when it names a purchase here; others share our Stripe account and may use the same fields."""
    if not ref or not ref.startswith("pur_") or "\x00" in ref:
        return None
    with transaction() as session:
        return session.execute(select(Purchase.ref).where(Purchase.ref == ref)).scalar_one_or_none()
