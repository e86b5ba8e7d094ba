"""Connected accounts as rows: whose they are, what Stripe says of them, and how one comes and goes.

A user has one at a time, and an account has one user here. Stripe is read with no transaction open; what it says is
written down under the row's lock, and never over something that was read later.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select

from randonumber import clock
from randonumber.database import transaction
from randonumber.payouts.models import PayoutAccount
from randonumber.stripe_gateway import StripeDenied, StripeNotFound, gateway

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway.connect import ConnectedAccount

log = logging.getLogger(__name__)

ACCESS_LOST: Final = "platform_access_lost"
"""Our own `disabled_reason`: Stripe does not let us see the account any more, and no event has said why."""
NO_ACCESS: Final = "account_invalid"
"""Stripe's code for an account that is not, or no longer, connected to ours (https://docs.stripe.com/error-codes)."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What Stripe said of an account that was asked for at `asked_at`; `found` None: we may not see it any more."""

    asked_at: datetime
    found: ConnectedAccount | None


def standing(session: Session, user_id: int) -> PayoutAccount | None:
    """Return the account to which a user's money can go, unlocked; None while it is being made or disconnected."""
    account = current(session, user_id)
    if account is None or account.stripe_account_id is None or account.disconnect_asked_at is not None:
        return None
    return account


def current(session: Session, user_id: int) -> PayoutAccount | None:
    """Return the account that holds a user's place, unlocked: also one that is being made or disconnected."""
    return session.execute(_of_user(user_id).execution_options(populate_existing=True)).scalar_one_or_none()


def lock_current(session: Session, user_id: int) -> PayoutAccount | None:
    """Return the account that holds a user's place, locked and as it is now. Never commits."""
    query = _of_user(user_id).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def lock_account(session: Session, account_id: int) -> PayoutAccount:
    """Return an account by its row's id, locked and as it is now. Never commits; raises NoResultFound."""
    return _lock(session, PayoutAccount.id == account_id)


def lock_ref(session: Session, ref: str) -> PayoutAccount:
    """Return an account by its ref, locked and as it is now. Never commits; raises NoResultFound."""
    return _lock(session, PayoutAccount.ref == ref)


def find_connected(session: Session, stripe_account_id: str) -> PayoutAccount | None:
    """Return the connected account with this id at Stripe, unlocked; None when nobody here has it connected."""
    is_it = (PayoutAccount.stripe_account_id == stripe_account_id) & PayoutAccount.disconnected_at.is_(None)
    return session.execute(select(PayoutAccount).where(is_it)).scalar_one_or_none()


def find_newest(session: Session, stripe_account_id: str) -> PayoutAccount | None:
    """Return who has this account connected, or had it last; unlocked."""
    query = select(PayoutAccount).where(PayoutAccount.stripe_account_id == stripe_account_id)
    newest_first = query.order_by(PayoutAccount.disconnected_at.is_not(None), PayoutAccount.id.desc())
    return session.execute(newest_first.limit(1)).scalar_one_or_none()


def is_known(session: Session, stripe_account_id: str) -> bool:
    """Whether the account is one of ours, connected now or before: what it does with money of ours is our business."""
    return find_newest(session, stripe_account_id) is not None


def history(session: Session, user_id: int) -> list[PayoutAccount]:
    """Return the accounts that a user had connected before, newest first; what was never made is not among them."""
    return list(session.execute(_before(user_id)).scalars())


def last(session: Session, user_id: int) -> PayoutAccount | None:
    """Return the account that a user had before; None when there was none."""
    return session.execute(_before(user_id).limit(1)).scalar_one_or_none()


def waits_until(account: PayoutAccount, now: datetime) -> datetime | None:
    """Return until when a change of account keeps withdrawals waiting; None when it does not (any more)."""
    if account.changed_at is None:
        return None
    hours: int = current_app.extensions["config"].payout_account_delay_hours
    until = account.changed_at + timedelta(hours=hours)
    return until if until > now else None


def refresh(account: PayoutAccount) -> PayoutAccount:
    """Read the account at Stripe again, and return its row as it is then. No transaction may be open.

    Calls the network; raises StripeUnavailable. An account that Stripe does not let us see any more is marked so, and
    stays connected: a wrong key must not disconnect everybody.
    """
    if account.stripe_account_id is None:
        return account
    reading = read(account.stripe_account_id)
    with transaction() as session:
        row = lock_account(session, account.id)
        keep(row, reading)
    return row


def read(stripe_account_id: str) -> Reading:
    """Ask Stripe for an account. Calls the network; raises StripeUnavailable."""
    asked_at = clock.now()
    try:
        return Reading(asked_at=asked_at, found=gateway().connect.get_account(stripe_account_id))
    except StripeNotFound:
        return Reading(asked_at=asked_at, found=None)
    except StripeDenied as denied:
        if not is_lost(denied):
            raise
        return Reading(asked_at=asked_at, found=None)


def is_lost(denied: StripeDenied) -> bool:
    """Whether Stripe denies us this one account, and not the key altogether."""
    return denied.code == NO_ACCESS


def keep(row: PayoutAccount, reading: Reading) -> None:
    """Write down what Stripe said, unless something newer stands there. Under the row's lock; never commits."""
    if row.checked_at is not None and row.checked_at > reading.asked_at:
        return
    row.checked_at = reading.asked_at
    found = reading.found
    if found is None:
        log.warning("payout_account_out_of_reach", extra={"payout_account": row.ref})
        row.transfers_active = row.payouts_enabled = False
        row.requirements, row.disabled_reason = [], ACCESS_LOST
        return
    row.country = found.country
    row.transfers_active = found.transfers_active
    row.payouts_enabled = found.payouts_enabled
    row.details_submitted = found.details_submitted
    row.requirements = list(found.requirements)
    row.disabled_reason = found.disabled_reason


def _of_user(user_id: int) -> Any:
    return select(PayoutAccount).where(PayoutAccount.user_id == user_id, PayoutAccount.disconnected_at.is_(None))


def _before(user_id: int) -> Any:
    """Return the query for the accounts that a user had connected before, newest first."""
    was_connected = PayoutAccount.disconnected_at.is_not(None) & PayoutAccount.stripe_account_id.is_not(None)
    query = select(PayoutAccount).where(PayoutAccount.user_id == user_id, was_connected)
    return query.order_by(PayoutAccount.id.desc())


def _lock(session: Session, condition: Any) -> PayoutAccount:
    query = select(PayoutAccount).where(condition).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()
