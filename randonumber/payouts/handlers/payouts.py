"""Events of payouts from connected accounts to their owners' banks: the payout is read again, and shown as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import inbox
from randonumber.payouts.service import bank_payouts

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.inbox import Effect, StripeEvent

PAYOUT_EVENTS: Final = ("payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled")


def init_app(app: Flask) -> None:
    """Subscribe to payouts."""
    for event_type in PAYOUT_EVENTS:
        inbox.register(app, event_type, on_payout)


def on_payout(event: StripeEvent) -> Effect | None:
    """Write down where the payout is now; None for one of our own account. Calls the network."""
    stripe_account_id, payout_id = event.account, event.object_id
    if stripe_account_id is None or payout_id is None:
        return None
    payout = bank_payouts.read(payout_id, stripe_account_id)
    if payout is None:
        return None

    def keep(session: Session) -> None:
        bank_payouts.keep(session, stripe_account_id, [payout])

    return keep
