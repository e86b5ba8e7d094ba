"""The transfer of a withdrawal at Stripe: planned, sent, answered. Building blocks of the journal's calls.

The withdrawal stands in the transfer as `transfer_group` and as `metadata.ref`, so it is found without the key.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from randonumber import calls, clock
from randonumber.calls import Refusal
from randonumber.database import transaction
from randonumber.payouts.models import OPEN, Withdrawal, WithdrawalStatus
from randonumber.payouts.service.withdrawals import destination
from randonumber.payouts.service.withdrawals.reasons import against_sending, are_closed
from randonumber.payouts.service.withdrawals.rows import end_without_effect, lock_withdrawal, read_withdrawal
from randonumber.payouts.service.withdrawals.settling import follow
from randonumber.stripe_gateway import StripeDenied, gateway
from randonumber.stripe_gateway.connect import transfer as read_transfer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call

log = logging.getLogger(__name__)

CREATE: Final = "transfer.create"
PREFIX: Final = "wd_"
ENDED: Final = "withdrawal_ended"
IN_TROUBLE: Final = "account_in_trouble"
OURS: Final = 0
"""The status of a refusal of ours: Stripe was not asked."""

_UNREADY: Final = (
    "Stripe does not let your account receive transfers at the moment. Finish what Stripe asks of you there, then "
    "withdraw again."
)
WORDS: Final[Mapping[str, str]] = {
    "account_closed": destination.OUT_OF_REACH,
    "account_invalid": destination.OUT_OF_REACH,
    "insufficient_capabilities_for_transfer": _UNREADY,
    "resource_missing": destination.OUT_OF_REACH,
    "transfers_not_allowed": _UNREADY,
}
"""What Stripe's codes mean to whoever wanted the money (https://docs.stripe.com/error-codes)."""


def plan(session: Session, withdrawal: Withdrawal) -> None:
    """Plan the transfer, with all that it says frozen now. Never commits."""
    params: dict[str, Any] = {
        "amount": withdrawal.net_minor,
        "currency": withdrawal.currency,
        "destination": withdrawal.stripe_account_id,
        "transfer_group": withdrawal.ref,
        "metadata": {"amount": str(withdrawal.amount_minor), "fee": str(withdrawal.fee_minor)},
    }
    withdrawal.call_id = calls.plan(session, operation=CREATE, ref=withdrawal.ref, params=params)


def sending(session: Session, call: Call) -> None:
    """From now on the transfer may exist: only Stripe's answer ends this. Never commits."""
    withdrawal = lock_withdrawal(session, call.ref)
    if withdrawal.status == WithdrawalStatus.HELD:
        withdrawal.status, withdrawal.waiting_since = WithdrawalStatus.SENT, None
        withdrawal.sent_at = withdrawal.sent_at or clock.now()


def unsent(session: Session, call: Call) -> None:
    """Go back to waiting: no transfer was made, for want of funds or of Stripe's word on the account. Never commits."""
    withdrawal = lock_withdrawal(session, call.ref)
    if withdrawal.status == WithdrawalStatus.SENT:
        withdrawal.status, withdrawal.waiting_since = WithdrawalStatus.HELD, clock.now()


def check(call: Call) -> Refusal | None:
    """Return why this transfer must not go out. Calls the network; raises StripeUnavailable, calls.NotNow."""
    with transaction() as session:
        withdrawal = read_withdrawal(session, call.ref)
        if withdrawal is None or withdrawal.status not in OPEN:
            return _refusal(ENDED, "The withdrawal has ended without this call.")
        against, is_closed = against_sending(session, withdrawal.user_id), are_closed(session)
    if is_closed:
        message = "the books are broken"
        raise calls.NotNow(message)
    if against is not None:
        return _refusal(against.code, against.message)
    try:
        trouble = destination.trouble_of(withdrawal.stripe_account_id)
    except StripeDenied:  # the key is not accepted at all: the call itself stops the queue and says so
        return None
    return _refusal(IN_TROUBLE, trouble) if trouble else None


def settled(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Book the transfer that Stripe has made. Never commits; its event may have been here before."""
    withdrawal = lock_withdrawal(session, call.ref)
    follow(session, withdrawal, read_transfer(dict(result)), [], actor=withdrawal.actor)


def refused(session: Session, call: Call, refusal: Refusal) -> None:
    """Give everything back: Stripe will not make this transfer, and has made none. Never commits."""
    withdrawal = lock_withdrawal(session, call.ref)
    log.warning("withdrawal_refused", extra={"withdrawal": call.ref, "code": refusal.code, "status": refusal.status})
    if withdrawal.status in OPEN:
        end_without_effect(
            session, withdrawal, WithdrawalStatus.FAILED, in_words(refusal), actor="job:payouts.withdrawals"
        )


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the transfer up at Stripe. Calls the network."""
    return gateway().find_by_ref("transfers", call.ref, transfer_group=call.ref)


def in_words(refusal: Refusal) -> str:
    """Say to the owner of the money why it did not go."""
    if refusal.status == OURS:
        return refusal.message
    known = WORDS.get(refusal.code or "")
    return known or f"Stripe refused the transfer ({refusal.code or refusal.status}). Please write to us."


def _refusal(code: str, message: str) -> Refusal:
    return Refusal(code=code, message=message, param=None, status=OURS)
