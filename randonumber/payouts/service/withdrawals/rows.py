"""A withdrawal's row: locked, and moved on. Nothing here commits or calls out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import clock
from randonumber.payouts import withdrawal_mails
from randonumber.payouts.models import Withdrawal, WithdrawalStatus
from randonumber.payouts.service.withdrawals import booking

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def lock_withdrawal(session: Session, ref: str) -> Withdrawal:
    """Return a withdrawal, locked and as it is now. Never commits; raises NoResultFound."""
    query = select(Withdrawal).where(Withdrawal.ref == ref).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def read_withdrawal(session: Session, ref: str) -> Withdrawal | None:
    """Return a withdrawal as it is now, unlocked; None when there is none."""
    query = select(Withdrawal).where(Withdrawal.ref == ref).execution_options(populate_existing=True)
    return session.execute(query).scalar_one_or_none()


def end_without_effect(
    session: Session, withdrawal: Withdrawal, status: WithdrawalStatus, reason: str | None, *, actor: str
) -> None:
    """Give everything back that a locked withdrawal had set aside. Only for what Stripe has not done, and never will.

    Never commits. The user is told when it failed.
    """
    withdrawal.status, withdrawal.reason, withdrawal.closed_at = status, reason, clock.now()
    withdrawal.waiting_since = None
    booking.release(session, withdrawal, actor=actor, reason=reason)
    if status == WithdrawalStatus.FAILED:
        withdrawal_mails.tell_of_failure(session, withdrawal)
