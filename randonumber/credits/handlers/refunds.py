"""Events of refunds, made here or in Stripe's dashboard: the whole payment is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.credits.service import refreshing
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect, StripeEvent

REFUND_EVENTS: Final = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")


def init_app(app: Flask) -> None:
    """Subscribe to the events of refunds."""
    for event_type in REFUND_EVENTS:
        inbox.register(app, event_type, on_refund)
    inbox.register(app, "charge.refunded", on_charge)


def on_refund(event: StripeEvent) -> Effect | None:
    """Bring the purchase of a refund level; None when it is not one of ours. Calls the network."""
    if event.account is not None or event.object_id is None:
        return None
    try:
        charge_id = gateway().get_refund(event.object_id).charge_id
    except StripeNotFound:
        return None
    return _effect_of(charge_id, event.actor) if charge_id else None


def on_charge(event: StripeEvent) -> Effect | None:
    """Bring the purchase of a refunded charge level; None when it is not one of ours. Calls the network."""
    if event.account is not None or event.object_id is None:
        return None
    return _effect_of(event.object_id, event.actor)


def _effect_of(charge_id: str, actor: str) -> Effect | None:
    try:
        charge = gateway().get_charge(charge_id)
    except StripeNotFound:
        return None
    return refreshing.effect_of_charge(charge, actor=actor)
