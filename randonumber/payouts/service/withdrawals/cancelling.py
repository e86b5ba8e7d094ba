"""Calling a withdrawal off, as long as nothing has gone to Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import calls
from randonumber.database import transaction
from randonumber.errors import Refused
from randonumber.payouts.models import WithdrawalStatus
from randonumber.payouts.service.withdrawals.rows import end_without_effect, lock_withdrawal
from randonumber.payouts.withdrawal_queries import get_withdrawal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

BY_OWNER: Final = "You cancelled it."


class TooLate(Refused):
    """The withdrawal is on its way, or has ended."""


def cancel(user_id: int, ref: str, *, actor: str) -> None:
    """Give everything back that a user's withdrawal holds, if nothing was sent. Done twice it is done once.

    Raises NotFound for somebody else's, TooLate.
    """
    with transaction() as session:
        _cancel(session, user_id, ref, actor)


def _cancel(session: Session, user_id: int, ref: str, actor: str) -> None:
    found = get_withdrawal(session, user_id, ref)
    if found.status == WithdrawalStatus.CANCELED:
        return
    # The journal's row first: whoever closes or takes a call locks it before the withdrawal.
    is_called_off = found.call_id is not None and calls.cancel(session, found.call_id)
    withdrawal = lock_withdrawal(session, ref)
    if withdrawal.status == WithdrawalStatus.CANCELED:
        return
    if not is_called_off or withdrawal.status != WithdrawalStatus.HELD:
        message = "It is too late to cancel this withdrawal: its money is on its way, or it has ended."
        raise TooLate(message)
    end_without_effect(session, withdrawal, WithdrawalStatus.CANCELED, BY_OWNER, actor=actor)
