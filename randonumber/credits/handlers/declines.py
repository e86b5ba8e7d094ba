"""Events of payments and savings of cards that failed: each is one try, however often the intent is read afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber import inbox
from randonumber.credits.service import card_setups, declines
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect, StripeEvent


def init_app(app: Flask) -> None:
    """Subscribe to failed payments and savings of cards."""
    inbox.register(app, "payment_intent.payment_failed", on_failure)
    inbox.register(app, "setup_intent.setup_failed", inbox.of_our_account(on_setup_failure))


def on_failure(event: StripeEvent) -> Effect | None:
    """Count a failed try on our pages; None when it was elsewhere. The event is the fact here: nothing is read."""
    if event.account is not None or event.object_id is None:
        return None
    with transaction() as session:
        ref = declines.find_paid_here(session, event.object_id)
    return (lambda session: declines.count_failure(session, ref)) if ref is not None else None


def on_setup_failure(object_id: str, *, actor: str) -> Effect | None:  # noqa: ARG001 - it posts nothing
    """Count a card that could not be saved here; None when it was elsewhere."""
    with transaction() as session:
        is_ours = card_setups.is_ours(session, object_id)
    return (lambda session: card_setups.count_failure(session, object_id)) if is_ours else None
