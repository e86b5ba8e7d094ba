"""Events of disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.credits.service import refreshing
from randonumber.stripe_gateway import StripeNotFound

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect, StripeEvent

DISPUTE_EVENTS: Final = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


def init_app(app: Flask) -> None:
    """Subscribe to the events of disputes."""
    for event_type in DISPUTE_EVENTS:
        inbox.register(app, event_type, on_dispute)


def on_dispute(event: StripeEvent) -> Effect | None:
    """Bring the purchase of a disputed payment level; None when the payment is not one of ours. Calls the network."""
    if event.account is not None or event.object_id is None:
        return None
    try:
        return refreshing.effect_of_dispute(event.object_id, actor=event.actor)
    except StripeNotFound:
        return None
