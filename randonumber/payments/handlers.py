"""Events of sessions, payments, refunds and disputes. Each only says that something happened: it is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.payments import effects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from randonumber.inbox import Read


EVENTS: Final[Mapping[str, Read]] = {
    "charge.dispute.closed": effects.effect_of_dispute,
    "charge.dispute.created": effects.effect_of_dispute,
    "charge.dispute.funds_reinstated": effects.effect_of_dispute,
    "charge.dispute.funds_withdrawn": effects.effect_of_dispute,
    "charge.dispute.updated": effects.effect_of_dispute,
    "charge.refund.updated": effects.effect_of_refund,
    "charge.refunded": effects.effect_of_charge_id,
    "checkout.session.async_payment_failed": effects.effect_of_session,
    "checkout.session.async_payment_succeeded": effects.effect_of_session,
    "checkout.session.completed": effects.effect_of_session,
    "checkout.session.expired": effects.effect_of_session,
    "payment_intent.canceled": effects.effect_of_intent,
    "payment_intent.payment_failed": effects.effect_of_intent,
    "payment_intent.succeeded": effects.effect_of_intent,
    "refund.created": effects.effect_of_refund,
    "refund.failed": effects.effect_of_refund,
    "refund.updated": effects.effect_of_refund,
}


def init_app(app: Flask) -> None:
    """Subscribe to the events of payments."""
    for event_type, read in EVENTS.items():
        inbox.register(app, event_type, inbox.of_our_account(read))
