"""Events of transfers, and of money that becomes available. Each only says that something happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import calls, inbox
from randonumber.payouts.service.withdrawals.reading import effect_of_transfer
from randonumber.payouts.service.withdrawals.sending import CREATE

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.inbox import Effect, StripeEvent

EVENTS: Final = ("transfer.created", "transfer.reversed", "transfer.updated")
FUNDS: Final = "balance.available"


def init_app(app: Flask) -> None:
    """Subscribe to the events of transfers and of our balance."""
    for event_type in EVENTS:
        inbox.register(app, event_type, inbox.of_our_account(effect_of_transfer))
    inbox.register(app, FUNDS, funds_are_there)


def funds_are_there(event: StripeEvent) -> Effect | None:
    """Let the transfers that wait for funds of ours try again now."""
    return _hurry if event.account is None else None


def _hurry(session: Session) -> None:
    calls.hurry(session, CREATE)
