"""How an account comes to be a user's, and how it ceases to be.

A user's first account can be paid out to at once. One that takes the place of another keeps withdrawals waiting, since
whoever has stolen a sign-in would change it first. The very same account, connected again, goes on under the wait it
had: neither a new one, nor none where there was one.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, ids
from randonumber.payouts import account_mails
from randonumber.payouts.models import PayoutAccount
from randonumber.payouts.service import accounts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.payouts.models import AccountType
    from randonumber.payouts.service.accounts import Reading

log = logging.getLogger(__name__)

PREFIX = "pac_"
"""How the refs of accounts begin."""


class Linking(StrEnum):
    """What became of linking an account that exists at Stripe."""

    CONNECTED = "connected"
    ALREADY = "already"
    OTHER_USER = "other_user"
    HAS_ANOTHER = "has_another"


class Ending(StrEnum):
    """Why an account is a user's no more."""

    USER = "user"
    DEAUTHORIZED = "deauthorized"
    """Its owner has ended the connection at Stripe."""
    REFUSED = "refused"
    """It never was: Stripe would not make it."""


def reserve(session: Session, user_id: int, kind: AccountType) -> PayoutAccount | None:
    """Take a user's place for an account that is to be made; None when the place is taken. Never commits."""
    return _insert(session, user_id, kind, stripe_account_id=None, changed_at=None)


def link(session: Session, user_id: int, kind: AccountType, stripe_account_id: str, reading: Reading | None) -> Linking:
    """Make an account at Stripe a user's, with what Stripe says of it if it said it. Never commits.

    Of two who link one account, or of two accounts for one user, one comes first: the other is told so.
    """
    changed_at = _changed_at(session, user_id, stripe_account_id)
    row = _insert(session, user_id, kind, stripe_account_id=stripe_account_id, changed_at=changed_at)
    if row is None:
        return _why_not(session, user_id, stripe_account_id)
    if reading is not None:
        accounts.keep(row, reading)
    _tell(session, row)
    return Linking.CONNECTED


def fill(session: Session, row: PayoutAccount, stripe_account_id: str, reading: Reading) -> None:
    """Put the account that Stripe has made in the place that was reserved. Under the row's lock; never commits."""
    row.call_id = None
    if row.stripe_account_id is not None:
        return
    row.changed_at = _changed_at(session, row.user_id, stripe_account_id)
    row.stripe_account_id, row.connected_at = stripe_account_id, clock.now()
    accounts.keep(row, reading)
    session.flush()
    _tell(session, row)


def unlink(session: Session, row: PayoutAccount, ending: Ending) -> None:
    """End a connection here. Under the row's lock; never commits; safe to call again."""
    if row.disconnected_at is not None:
        return
    row.disconnected_at, row.disconnect_reason = clock.now(), ending
    session.flush()
    log.info("payout_account_disconnected", extra={"payout_account": row.ref, "reason": ending})
    if row.stripe_account_id is not None:
        account_mails.disconnected(session, row)


def _tell(session: Session, row: PayoutAccount) -> None:
    is_change = accounts.last(session, row.user_id) is not None
    log.info("payout_account_connected", extra={"payout_account": row.ref, "type": row.type, "change": is_change})
    account_mails.connected(session, row, is_change=is_change)


def _insert(
    session: Session, user_id: int, kind: AccountType, *, stripe_account_id: str | None, changed_at: datetime | None
) -> PayoutAccount | None:
    now = clock.now()
    values = {
        "ref": ids.new_ref(PREFIX.removesuffix("_")),
        "user_id": user_id,
        "type": kind,
        "stripe_account_id": stripe_account_id,
        "livemode": current_app.extensions["config"].livemode,
        "created_at": now,
        "connected_at": now if stripe_account_id else None,
        "changed_at": changed_at,
    }
    statement = insert(PayoutAccount).values(values).on_conflict_do_nothing().returning(PayoutAccount)
    return session.execute(statement).scalar_one_or_none()


def _why_not(session: Session, user_id: int, stripe_account_id: str) -> Linking:
    own = accounts.current(session, user_id)
    if own is None:
        return Linking.OTHER_USER
    return Linking.ALREADY if own.stripe_account_id == stripe_account_id else Linking.HAS_ANOTHER


def _changed_at(session: Session, user_id: int, stripe_account_id: str) -> datetime | None:
    """Return since when a user's money would go elsewhere than before; None for a first account."""
    last = accounts.last(session, user_id)
    if last is None:
        return None
    return last.changed_at if last.stripe_account_id == stripe_account_id else clock.now()
