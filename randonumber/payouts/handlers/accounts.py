"""Events of connected accounts. Each only says that one may have changed: it is read again.

The end of a connection is the exception: Stripe lets nobody read such an account, so the event itself is the fact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import inbox
from randonumber.database import transaction
from randonumber.payouts.models import PayoutAccount
from randonumber.payouts.service import accounts
from randonumber.payouts.service.linking import Ending, unlink

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.inbox import Effect, StripeEvent

CHANGES: Final = ("account.updated", "capability.updated")
DEAUTHORIZED: Final = "account.application.deauthorized"


def init_app(app: Flask) -> None:
    """Subscribe to what happens to connected accounts, and say whose events are ours."""
    inbox.register_account_test(app, accounts.is_known)
    for event_type in CHANGES:
        inbox.register(app, event_type, on_change)
    inbox.register(app, DEAUTHORIZED, on_deauthorized)


def on_change(event: StripeEvent) -> Effect | None:
    """Write down what Stripe says of the account now; None when nobody has it connected. Calls the network."""
    stripe_account_id = event.account
    if stripe_account_id is None or not _is_connected(stripe_account_id):
        return None
    reading = accounts.read(stripe_account_id)

    def keep(session: Session) -> None:
        for row in _lock_connected(session, stripe_account_id):
            accounts.keep(row, reading)

    return keep


def on_deauthorized(event: StripeEvent) -> Effect | None:
    """Unlink the account, without asking for it: Stripe would not answer.

    An event from before the account was connected (again) is about an earlier connection.
    """
    stripe_account_id = event.account
    if stripe_account_id is None or not _is_connected(stripe_account_id):
        return None

    def end(session: Session) -> None:
        for row in _lock_connected(session, stripe_account_id):
            if _is_of_this_connection(row, event):
                unlink(session, row, Ending.USER if row.disconnect_asked_at else Ending.DEAUTHORIZED)

    return end


def _is_of_this_connection(row: PayoutAccount, event: StripeEvent) -> bool:
    """Whether the event happened since the account was connected; Stripe tells time by whole seconds."""
    return row.connected_at is not None and row.connected_at.replace(microsecond=0) <= event.created_at


def _is_connected(stripe_account_id: str) -> bool:
    with transaction() as session:
        return accounts.find_connected(session, stripe_account_id) is not None


def _lock_connected(session: Session, stripe_account_id: str) -> list[PayoutAccount]:
    """Return the connected row of an account, locked; none when it was let go of in between."""
    is_it = (PayoutAccount.stripe_account_id == stripe_account_id) & PayoutAccount.disconnected_at.is_(None)
    query = select(PayoutAccount).where(is_it).with_for_update(key_share=True)
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())
