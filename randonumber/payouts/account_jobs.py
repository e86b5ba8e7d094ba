"""Sweeps of connected accounts: what no event has told is read at Stripe, and disconnecting is brought to its end."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, true

from randonumber import clock
from randonumber.database import transaction
from randonumber.jobs import periodic
from randonumber.payouts.models import PayoutAccount
from randonumber.payouts.service import accounts, bank_payouts, disconnecting, oauth
from randonumber.payouts.service.disconnecting import Disconnecting
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

OLD: Final = timedelta(days=1)
AT_ONCE: Final = 200
SILENCES_IN_A_ROW: Final = 3


@periodic("payouts.sweep_accounts", "23 * * * *")
def sweep_accounts() -> None:
    """Read the accounts again that were not read for a day; those that are not ready, at every run."""
    is_unready = PayoutAccount.transfers_active.is_(False) | PayoutAccount.payouts_enabled.is_(False)
    is_old = PayoutAccount.checked_at < clock.now() - OLD
    with transaction() as session:
        oauth.sweep(session)
        due = _connected(session, is_unready | is_old, limit=AT_ONCE)
    try:
        level(due)
    except StripeUnavailable as error:
        log.warning("payout_account_sweep_put_off", extra={"reason": error.reason})


@periodic("payouts.finish_disconnecting", "* * * * *")
def finish_disconnecting() -> None:
    """Ask Stripe again to end the connections whose end is not known."""
    end_waiting()


def sweep_all() -> int:
    """Bring every connected account and its payouts level with Stripe, and return how much was news.

    Raises StripeUnavailable.
    """
    ended = end_waiting()
    with transaction() as session:
        connected = _connected(session, true(), limit=None)
    return ended + level(connected)


def end_waiting() -> int:
    """Ask about each account that is being disconnected, and return how many are now. Calls the network."""
    with transaction() as session:
        waiting = disconnecting.waiting(session)
    return sum(disconnecting.finish(account) is Disconnecting.DONE for account in waiting)


def level(connected: Sequence[PayoutAccount]) -> int:
    """Read accounts and their newest payouts, and return how much was news.

    Raises StripeUnavailable after SILENCES_IN_A_ROW: one account of which Stripe is never heard stops no other.
    """
    news = silences = 0
    for account in connected:
        try:
            news += _level_one(account)
            silences = 0
        except StripeUnavailable as error:
            log.warning("payout_account_not_read", extra={"payout_account": account.ref, "reason": error.reason})
            silences += error.status is None
            if silences >= SILENCES_IN_A_ROW:
                raise
    return news


def _level_one(account: PayoutAccount) -> int:
    """Bring one account level. Raises StripeUnavailable."""
    try:
        read = accounts.refresh(account)
        is_news = _what_stripe_said(read) != _what_stripe_said(account)
        payouts = bank_payouts.read_recent(str(account.stripe_account_id))
    except StripeRefused as refusal:
        log.warning("payout_account_not_read", extra={"payout_account": account.ref, "reason": refusal.code})
        return 0
    with transaction() as session:
        return int(is_news) + bank_payouts.keep(session, str(account.stripe_account_id), payouts)


def _what_stripe_said(row: PayoutAccount) -> tuple[object, ...]:
    return (row.transfers_active, row.payouts_enabled, row.details_submitted, row.requirements, row.disabled_reason)


def _connected(session: Session, condition: ColumnElement[bool], *, limit: int | None) -> list[PayoutAccount]:
    """Return connected accounts, those never read first, then the longest unread."""
    is_connected = PayoutAccount.stripe_account_id.is_not(None) & PayoutAccount.disconnected_at.is_(None)
    query = select(PayoutAccount).where(is_connected, condition)
    return list(session.execute(query.order_by(PayoutAccount.checked_at.nulls_first()).limit(limit)).scalars())
