"""Making an Express or Custom account, and leading its owner through Stripe's own pages.

The account is made once, through the journal of calls; the link to Stripe's onboarding is made anew each time, since
it is good once and for minutes. Coming back says nothing (https://docs.stripe.com/connect/hosted-onboarding): the
account is read again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import current_app
from sqlalchemy import select

from randonumber import calls, clock, limits
from randonumber.database import transaction
from randonumber.payouts.models import AccountType, PayoutAccount
from randonumber.payouts.service import accounts
from randonumber.payouts.service.accounts import Reading
from randonumber.payouts.service.linking import Ending, fill, reserve, unlink
from randonumber.stripe_gateway import gateway
from randonumber.stripe_gateway.connect import account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal
    from randonumber.hooks import Person

log = logging.getLogger(__name__)

CREATE: Final = "account.create"
COUNTRY: Final = "US"
"""Wallets hold US dollars, and transfers go from a US platform."""
MADE_PER_DAY: Final = 10
"""Accounts of one user: each is one more at Stripe, for ever."""
DAY: Final = 86_400
CLOCKS_DIFFER: Final = timedelta(hours=1)
RETURN: Final = "/payouts/onboarding/return"
REFRESH: Final = "/payouts/onboarding/refresh"


@dataclass(frozen=True, kw_only=True)
class Started:
    """The account of a user after pressing the button. `is_other`: there is one already, of another kind."""

    account: PayoutAccount
    is_other: bool = False


def start(person: Person, kind: AccountType) -> Started:
    """Have an account made, or return the one that is there. Calls the network; safe to call again.

    Never raises for what Stripe does: an account about which Stripe does not answer is made by itself. Raises
    RateLimited.
    """
    with transaction() as session:
        row = reserve(session, person.user_id, kind)
        if row is not None:
            limits.hit(session, "payout_accounts", person.ref, limit=MADE_PER_DAY, per_seconds=DAY)
            row.call_id = calls.plan(session, operation=CREATE, ref=row.ref, params=account_params(person, kind))
        else:
            row = accounts.lock_current(session, person.user_id)
    if row is None:  # it was let go of in between
        return start(person, kind)
    if row.type != kind:
        return Started(account=row, is_other=True)
    if row.call_id is not None:
        calls.drive(row.call_id)
    return Started(account=_read(row.id))


def account_params(person: Person, kind: AccountType) -> dict[str, Any]:
    """Return what an account is made with: it can be transferred to, and its owner tells Stripe the rest."""
    return {
        "type": kind,
        "country": COUNTRY,
        "email": person.email,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"user": person.ref},
    }


def link(row: PayoutAccount) -> str:
    """Return the address of Stripe's onboarding of an account. Calls the network.

    Raises StripeUnavailable, and StripeRefused for an account that Stripe does not know any more.
    """
    base_url = current_app.extensions["config"].base_url
    return gateway().connect.create_account_link(
        row.stripe_account_id or "", return_url=f"{base_url}{RETURN}", refresh_url=f"{base_url}{REFRESH}"
    )


def settle(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Put the account that was made in its place, with what Stripe wants to know of its owner. Never commits."""
    found = account(dict(result))
    fill(session, accounts.lock_ref(session, call.ref), found.id, Reading(asked_at=clock.now(), found=found))


def refuse(session: Session, call: Call, refusal: Refusal) -> None:
    """Give the place up: Stripe will not make this account. Never commits."""
    row = accounts.lock_ref(session, call.ref)
    row.call_id = None
    log.error("payout_account_refused", extra={"payout_account": row.ref, "code": refusal.code, "param": refusal.param})
    unlink(session, row, Ending.REFUSED)


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the account up at Stripe among those made since it was asked for. Calls the network."""
    with transaction() as session:
        asked_at = session.execute(select(PayoutAccount.created_at).where(PayoutAccount.ref == call.ref)).scalar_one()
    since = int((asked_at - CLOCKS_DIFFER).timestamp())
    return gateway().find_by_ref("accounts", call.ref, created={"gte": since})


def _read(account_id: int) -> PayoutAccount:
    with transaction() as session:
        return session.execute(select(PayoutAccount).where(PayoutAccount.id == account_id)).scalar_one()
