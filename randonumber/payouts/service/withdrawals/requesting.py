"""Asking for money out of the wallet.

One transaction decides under the locks of the payout account and of the wallet, sets the money aside and plans the
transfer; then Stripe is asked. So money is never on its way out while it can be spent, and a process that dies leaves
nothing undone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import calls, clock, ids
from randonumber.database import transaction
from randonumber.payouts.models import Withdrawal, WithdrawalStatus
from randonumber.payouts.service import accounts
from randonumber.payouts.service.withdrawals import booking, sending
from randonumber.payouts.service.withdrawals.destination import look
from randonumber.payouts.service.withdrawals.reasons import NO_ACCOUNT, NotWithdrawable, amount_of, fee_of, reasons
from randonumber.payouts.service.withdrawals.rows import read_withdrawal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.payouts.service.withdrawals.destination import Look
    from randonumber.payouts.service.withdrawals.reasons import Asked

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who wants money out: `is_fresh` says that a password was given within five minutes, or that none is needed."""

    user_id: int
    actor: str
    is_fresh: bool


def withdraw(asker: Asker, asked: Asked, form_ref: str) -> str:
    """Set the money aside and send it, and return the withdrawal's ref; a form that was sent before has done it once.

    Calls the network. Never raises for what Stripe does with the transfer: what is unknown goes on by itself. Raises
    NotWithdrawable with every reason.
    """
    seen = look(asker.user_id)
    with transaction() as session:
        ref = hold(session, asker, asked, look=seen, form_ref=form_ref).ref
    send(ref, look=seen)
    return ref


def hold(session: Session, asker: Asker, asked: Asked, *, look: Look | None, form_ref: str | None = None) -> Withdrawal:
    """Set the money aside, and plan its transfer. Never commits; raises NotWithdrawable.

    `look` is what Stripe has just said of the account. The money goes to the account of this moment, whatever becomes
    of it.
    """
    account = accounts.lock_current(session, asker.user_id)
    money = booking.lock_money(session, asker.user_id)
    if (stands := _of_form(session, asker.user_id, form_ref)) is not None:
        return stands
    now = clock.now()
    against = reasons(session, asker.user_id, asked, now, look=look, is_fresh=asker.is_fresh)
    if against or account is None or account.stripe_account_id is None:
        raise NotWithdrawable(against or [NO_ACCOUNT])  # it was connected after the lock found none
    amount_minor = amount_of(asked, money.available)
    withdrawal = Withdrawal(
        ref=ids.new_ref("wd"),
        user_id=asker.user_id,
        form_ref=form_ref,
        payout_account_id=account.id,
        stripe_account_id=account.stripe_account_id,
        amount_minor=amount_minor,
        fee_minor=fee_of(amount_minor),
        currency="usd",
        status=WithdrawalStatus.HELD,
        reversed_minor=0,
        actor=asker.actor,
        created_at=now,
    )
    session.add(withdrawal)
    session.flush()
    booking.hold(session, withdrawal)
    sending.plan(session, withdrawal)
    log.info("withdrawal_held", extra={"withdrawal": withdrawal.ref, "amount_minor": amount_minor})
    return withdrawal


def send(ref: str, *, look: Look | None = None) -> Withdrawal:
    """Ask Stripe for the transfer of a withdrawal that is open, and return it as it is then. Calls the network.

    While Stripe is silent nobody waits for it: the worker goes on.
    """
    withdrawal = _get(ref)
    if withdrawal.call_id is None or withdrawal.closed_at is not None or (look and not look.is_answered):
        return withdrawal
    calls.drive(withdrawal.call_id)
    return _get(ref)


def _get(ref: str) -> Withdrawal:
    with transaction() as session:
        found = read_withdrawal(session, ref)
    if found is None:
        raise LookupError(ref)
    return found


def _of_form(session: Session, user_id: int, form_ref: str | None) -> Withdrawal | None:
    """Return the withdrawal that the form has made before, whatever it asks for now: one form takes money once."""
    if form_ref is None:
        return None
    query = select(Withdrawal).where(Withdrawal.user_id == user_id, Withdrawal.form_ref == form_ref)
    return session.execute(query).scalar_one_or_none()
