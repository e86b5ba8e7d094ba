"""What Stripe shows of a withdrawal's transfer, and what follows from it, whoever tells: answer, event or mirror.

A transfer is read with all its reversals. A withdrawal only goes forward by it: held or sent, paid, reversed. So an
older reading that comes late changes nothing, and each reversal is booked once, by its own id.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.payouts import withdrawal_mails
from randonumber.payouts.models import OPEN, WithdrawalReversal, WithdrawalStatus
from randonumber.payouts.service.withdrawals import booking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from randonumber.payouts.models import Withdrawal
    from randonumber.stripe_gateway import Transfer, TransferReversal

log = logging.getLogger(__name__)


def follow(
    session: Session,
    withdrawal: Withdrawal,
    transfer: Transfer,
    reversals: Sequence[TransferReversal],
    *,
    actor: str,
    reason: str | None = None,
) -> None:
    """Bring a locked withdrawal level with its transfer. Never commits; safe to call again.

    `reason` is what an operator has to say of it.
    """
    if withdrawal.status in OPEN:
        if not _fits(withdrawal, transfer):
            return
        _settle(session, withdrawal, transfer, actor=actor, reason=reason)
    if withdrawal.transfer_id != transfer.id:
        facts = {"withdrawal": withdrawal.ref, "status": withdrawal.status, "transfer": transfer.id}
        log.error("withdrawal_has_another_transfer", extra=facts)
        return
    for reversal in reversals:
        _reverse(session, withdrawal, reversal, actor=actor)


def _fits(withdrawal: Withdrawal, transfer: Transfer) -> bool:
    """Whether the transfer is the one that was asked for; any other stays nobody's until somebody looks."""
    expected = (withdrawal.net_minor, withdrawal.currency, withdrawal.stripe_account_id)
    if (transfer.amount, transfer.currency, transfer.destination) == expected:
        return True
    log.error("withdrawal_transfer_differs", extra={"withdrawal": withdrawal.ref, "transfer": transfer.id})
    return False


def _settle(session: Session, withdrawal: Withdrawal, transfer: Transfer, *, actor: str, reason: str | None) -> None:
    withdrawal.status, withdrawal.transfer_id = WithdrawalStatus.PAID, transfer.id
    withdrawal.closed_at, withdrawal.waiting_since = clock.now(), None
    withdrawal.sent_at = withdrawal.sent_at or transfer.created_at
    booking.settle(session, withdrawal, transfer, actor=actor, reason=reason)
    withdrawal_mails.tell_of_payment(session, withdrawal)


def _reverse(session: Session, withdrawal: Withdrawal, reversal: TransferReversal, *, actor: str) -> None:
    """Book a reversal that is not booked yet."""
    row = {
        "stripe_reversal_id": reversal.id,
        "withdrawal_id": withdrawal.id,
        "amount_minor": reversal.amount,
        "created_at": reversal.created_at,
    }
    statement = insert(WithdrawalReversal).values(row).on_conflict_do_nothing()
    if session.execute(statement.returning(WithdrawalReversal.stripe_reversal_id)).scalar() is None:
        return
    booking.reverse(session, withdrawal, reversal, actor=actor)
    withdrawal.reversed_minor += reversal.amount
    if withdrawal.reversed_minor == withdrawal.net_minor:
        withdrawal.status = WithdrawalStatus.REVERSED
    withdrawal_mails.tell_of_reversal(session, withdrawal, reversal.amount)


def reversals_of(session: Session, withdrawal: Withdrawal) -> list[WithdrawalReversal]:
    """Return what came back of a withdrawal, oldest first."""
    query = select(WithdrawalReversal).where(WithdrawalReversal.withdrawal_id == withdrawal.id)
    oldest_first = query.order_by(WithdrawalReversal.created_at, WithdrawalReversal.stripe_reversal_id)
    return list(session.execute(oldest_first).scalars())
