"""Stripe's word that funds became available. Events of payments come by `randonumber.payments`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber import inbox, jobs
from randonumber.wallet.jobs import release_soon
from randonumber.wallet.service import releasing

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.inbox import Effect, StripeEvent


def init_app(app: Flask) -> None:
    """Subscribe to funds that become available."""
    inbox.register(app, "balance.available", on_funds)


def on_funds(event: StripeEvent) -> Effect | None:
    """Look at once for top-ups that may be free now: the event's time is a moment that Stripe's clock has reached."""
    if event.account is not None:
        return None

    def look(session: Session) -> None:
        if releasing.hurry(session, event.created_at):
            jobs.enqueue(session, release_soon)

    return look
