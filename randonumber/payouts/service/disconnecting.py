"""Ending a connection.

A Standard account is its owner's own: Stripe is asked to take our access away, and once that is so the account is
unlinked here. Until Stripe has answered, the account stays as one that is being disconnected: nothing new is sent to
it, and a job asks again. Asking twice does no harm. Express and Custom accounts live under our platform at Stripe and
cannot be let go of there (https://docs.stripe.com/connect/oauth-reference#post-deauthorize is for Standard ones): they
are unlinked here alone.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select

from randonumber import clock
from randonumber.database import transaction
from randonumber.failpoints import failpoint
from randonumber.payouts.models import AccountType, PayoutAccount
from randonumber.payouts.service import accounts
from randonumber.payouts.service.linking import Ending, unlink
from randonumber.stripe_gateway import StripeDenied, StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)


class Disconnecting(StrEnum):
    """What became of the wish to disconnect."""

    DONE = "done"
    HERE_ONLY = "here_only"
    """Unlinked here; at Stripe the account lives on under our platform."""
    WAITS = "waits"
    """Stripe has not answered yet: it is asked again."""
    NOTHING = "nothing"
    """There is no such connection (any more)."""
    BEING_MADE = "being_made"


def disconnect(user_id: int, ref: str | None = None) -> Disconnecting:
    """End a user's connection, that of `ref` alone when it is given. Calls the network; safe to call again."""
    with transaction() as session:
        row = accounts.lock_current(session, user_id)
        if row is None or ref not in {None, row.ref}:
            return Disconnecting.NOTHING
        if row.stripe_account_id is None:
            return Disconnecting.BEING_MADE
        if row.type != AccountType.STANDARD:
            unlink(session, row, Ending.USER)
            return Disconnecting.HERE_ONLY
        row.disconnect_asked_at = row.disconnect_asked_at or clock.now()
    failpoint("after_disconnect_asked")
    return finish(row)


def finish(account: PayoutAccount) -> Disconnecting:
    """Ask Stripe to end a connection, and unlink it once it has. Calls the network; safe to call again."""
    if not _is_ended_at_stripe(account):
        return Disconnecting.WAITS
    failpoint("after_deauthorize")
    with transaction() as session:
        unlink(session, accounts.lock_account(session, account.id), Ending.USER)
    return Disconnecting.DONE


def waiting(session: Session) -> list[PayoutAccount]:
    """Return the accounts that are being disconnected, the longest first."""
    is_waiting = PayoutAccount.disconnect_asked_at.is_not(None) & PayoutAccount.disconnected_at.is_(None)
    query = select(PayoutAccount).where(is_waiting).order_by(PayoutAccount.disconnect_asked_at)
    return list(session.execute(query).scalars())


def _is_ended_at_stripe(account: PayoutAccount) -> bool:
    """Whether we have no access to the account any more; False when nobody knows."""
    client_id = current_app.extensions["config"].stripe_connect_client_id
    stripe_account_id = account.stripe_account_id or ""
    try:
        gateway().connect.deauthorize(client_id or "", stripe_account_id)
    except StripeDenied:  # 401: we had no access, or the client id is not ours: the account itself tells which
        return _is_out_of_reach(stripe_account_id)
    except StripeRefused as refusal:
        log.error("payout_account_deauthorize_refused", extra={"payout_account": account.ref, "code": refusal.code})  # noqa: TRY400
        return _is_out_of_reach(stripe_account_id)
    except StripeUnavailable:
        return False
    return True


def _is_out_of_reach(stripe_account_id: str) -> bool:
    try:
        return accounts.read(stripe_account_id).found is None
    except (StripeUnavailable, StripeRefused):
        return False
