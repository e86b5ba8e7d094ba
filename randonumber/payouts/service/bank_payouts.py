"""Payouts of connected accounts to their owners' banks, as Stripe shows them. They move no money of ours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.payouts import account_mails
from randonumber.payouts.models import ConnectedPayout
from randonumber.payouts.service import accounts
from randonumber.stripe_gateway import StripeDenied, StripeNotFound, gateway

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from randonumber.payouts.models import PayoutAccount
    from randonumber.stripe_gateway.connect import Payout

RANKS: Final = {"pending": 0, "in_transit": 1, "paid": 2, "failed": 3, "canceled": 3}
"""A payout only goes on. A bank may send one back that counted as paid, so `failed` may follow `paid`
(https://docs.stripe.com/payouts#payout-failures)."""
LOOK_BACK: Final = timedelta(days=14)
"""A payout fails within some days, or not at all."""
SHOWN: Final = 10


def read(payout_id: str, stripe_account_id: str) -> Payout | None:
    """Ask Stripe for a payout of a connected account; None when there is none that we may see. Calls the network.

    Raises StripeUnavailable.
    """
    try:
        return gateway().connect.get_payout(payout_id, stripe_account_id)
    except StripeNotFound:
        return None
    except StripeDenied as denied:
        if not accounts.is_lost(denied):
            raise
        return None


def read_recent(stripe_account_id: str) -> list[Payout]:
    """Ask Stripe for the payouts of the last days, oldest first. Calls the network; raises StripeUnavailable."""
    since = int((clock.now() - LOOK_BACK).timestamp())
    try:
        found = gateway().connect.list_payouts(stripe_account_id, created={"gte": since})
    except StripeDenied as denied:
        if not accounts.is_lost(denied):
            raise
        return []
    return list(reversed(found))


def keep(session: Session, stripe_account_id: str, payouts: Sequence[Payout]) -> int:
    """Write payouts of an account down, and return how many of them are news. Never commits.

    What was read earlier undoes nothing that was read later.
    """
    owner = accounts.find_newest(session, stripe_account_id)
    if owner is None:
        return 0
    return sum(_keep_one(session, owner, payout) for payout in payouts)


def recent(session: Session, user_id: int) -> list[ConnectedPayout]:
    """Return a user's newest payouts, newest first."""
    query = select(ConnectedPayout).where(ConnectedPayout.user_id == user_id)
    newest_first = query.order_by(ConnectedPayout.created_at.desc(), ConnectedPayout.id.desc())
    return list(session.execute(newest_first.limit(SHOWN)).scalars())


def _keep_one(session: Session, owner: PayoutAccount, payout: Payout) -> bool:
    values = {
        "stripe_payout_id": payout.id,
        "payout_account_id": owner.id,
        "user_id": owner.user_id,
        "amount_minor": payout.amount,
        "currency": payout.currency,
        "status": payout.status,
        "failure_code": payout.failure_code,
        "failure_message": payout.failure_message,
        "arrival_on": payout.arrival_on,
        "created_at": payout.created_at,
        "seen_at": clock.now(),
    }
    statement = insert(ConnectedPayout).values(values).on_conflict_do_nothing().returning(ConnectedPayout.id)
    is_new = session.execute(statement).scalar_one_or_none() is not None
    query = select(ConnectedPayout).where(ConnectedPayout.stripe_payout_id == payout.id).with_for_update(key_share=True)
    row = session.execute(query.execution_options(populate_existing=True)).scalar_one()
    if not is_new and RANKS[payout.status] <= RANKS[row.status]:
        return False
    row.status, row.arrival_on, row.seen_at = payout.status, payout.arrival_on, clock.now()
    row.failure_code, row.failure_message = payout.failure_code, payout.failure_message
    if row.status == "failed":
        account_mails.payout_failed(session, owner, row)
    return True
