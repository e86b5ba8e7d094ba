"""Events of refunds, made here or in Stripe's dashboard: the whole payment is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.credits.handlers.own import of_our_account
from randonumber.credits.service import refreshing
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect

REFUND_EVENTS: Final = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")


def init_app(app: Flask) -> None:
    """Subscribe to the events of refunds."""
    for event_type in REFUND_EVENTS:
        inbox.register(app, event_type, on_refund)
    inbox.register(app, "charge.refunded", on_charge)


@of_our_account
def on_refund(object_id: str, actor: str) -> Effect | None:
    """Bring the purchase of a refund level; None when it is not one of ours. Calls the network."""
    charge = refreshing.find_refunded_charge(object_id)
    return refreshing.effect_of_charge(charge, actor=actor) if charge else None


@of_our_account
def on_charge(object_id: str, actor: str) -> Effect | None:
    """Bring the purchase of a refunded charge level; None when it is not one of ours. Calls the network."""
    try:
        charge = gateway().get_charge(object_id)
    except StripeNotFound:
        return None
    return refreshing.effect_of_charge(charge, actor=actor)
