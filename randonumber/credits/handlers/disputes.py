"""Events of disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.credits.handlers.own import of_our_account
from randonumber.credits.service import refreshing
from randonumber.stripe_gateway import StripeNotFound

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect

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


@of_our_account
def on_dispute(object_id: str, actor: str) -> Effect | None:
    """Bring the purchase of a disputed payment level; None when the payment is not one of ours. Calls the network."""
    try:
        return refreshing.effect_of_dispute(object_id, actor=actor)
    except StripeNotFound:
        return None
