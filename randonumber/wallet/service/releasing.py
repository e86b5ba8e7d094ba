"""Making a top-up's money available: when Stripe has it, and the hold is over.

Whether Stripe has the funds is what the payment's balance transaction says (`status`), never a date of ours. The hold
of WALLET_HOLD_DAYS begins at its `available_on` and is counted in Stripe's time, of which a moment is only believed
that Stripe itself has named (`Gateway.reached_at`): where Stripe's clock is moved, as the sandbox's may be, ours says
nothing. https://docs.stripe.com/api/balance_transactions/object
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import or_, select, update

from randonumber import clock, ledger
from randonumber.stripe_gateway import gateway
from randonumber.wallet.models import Topup, TopupStatus
from randonumber.wallet.service.rows import lock_topup
from randonumber.wallet.service.standing import lock_money, releasing

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import Charge

log = logging.getLogger(__name__)
POSTING: Final = "topup_available"
AVAILABLE: Final = "available"
SOON: Final = timedelta(minutes=1)
SELDOM: Final = timedelta(hours=1)
"""How often Stripe is asked about funds that are not due by our clock; `balance.available` tells, too."""


@dataclass(frozen=True, kw_only=True)
class Funds:
    """When Stripe can use the funds of a payment; `is_free` once it can and the hold is over."""

    funds_on: datetime
    is_free: bool


def hold() -> timedelta:
    """Return how long funds are held after Stripe has them."""
    return timedelta(days=current_app.extensions["config"].wallet_hold_days)


def read_funds(charge: Charge) -> Funds | None:
    """Read when the funds of a payment can be used; None while Stripe has not booked it. Calls the network."""
    if charge.balance_transaction_id is None:
        return None
    txn = gateway().get_balance_transaction(charge.balance_transaction_id)
    is_free = txn.status == AVAILABLE
    if is_free and hold():
        is_free = gateway().reached_at() >= txn.available_on + hold()
    return Funds(funds_on=txn.available_on, is_free=is_free)


def release(session: Session, ref: str, funds: Funds | None, *, actor: str) -> bool:
    """Make a paid top-up's money available once its funds are free, and return whether this call did.

    Never commits; safe to call again. What is owed is repaid out of it. What was taken back of it meanwhile is not
    there any more.
    """
    topup = lock_topup(session, ref)
    if topup.status != TopupStatus.PAID:
        return False
    topup.next_check_at = clock.now() + _pause(funds)
    if funds is None:
        return False
    topup.funds_on = funds.funds_on
    if not funds.is_free:
        return False
    moves = releasing(lock_money(session, topup.user_id), topup)
    topup.status, topup.available_at = TopupStatus.AVAILABLE, clock.now()
    session.flush()
    if moves:
        ledger.post(session, kind=POSTING, ref=topup.ref, entries=moves, actor=actor, user_id=topup.user_id)
    log.info("topup_available", extra={"topup": ref, "actor": actor})
    return True


def hurry(session: Session, reached_at: datetime) -> int:
    """Make due whatever may be free now that Stripe's clock has reached this moment; return how many. Never commits."""
    may_be_free = or_(Topup.funds_on.is_(None), Topup.funds_on <= reached_at - hold())
    waiting = select(Topup.id).where(Topup.status == TopupStatus.PAID, may_be_free)
    free = waiting.order_by(Topup.id).with_for_update(skip_locked=True, key_share=True)  # whoever has it looks anyway
    due = update(Topup).where(Topup.id.in_(free)).values(next_check_at=clock.now())
    return len(session.execute(due.returning(Topup.id)).scalars().all())


def _pause(funds: Funds | None) -> timedelta:
    if funds is None:
        return SOON
    return SOON if funds.funds_on + hold() <= clock.now() + SELDOM else SELDOM
