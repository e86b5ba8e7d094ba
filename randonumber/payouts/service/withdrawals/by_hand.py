"""What an operator does with a withdrawal that does not end by itself: try again, release, settle.

Releasing and settling look at Stripe first, and close the journal's call in the same transaction, so that nothing sends
it again. Two operators, or an operator and the worker, end a withdrawal once: the journal's row decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from randonumber import calls, clock
from randonumber.calls import by_hand
from randonumber.database import transaction
from randonumber.errors import NotFound, Refused, TryLater
from randonumber.payouts.models import OPEN, Withdrawal, WithdrawalStatus
from randonumber.payouts.service.withdrawals.rows import end_without_effect, lock_withdrawal, read_withdrawal
from randonumber.payouts.service.withdrawals.sending import CREATE
from randonumber.payouts.service.withdrawals.settling import follow
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable, Transfer, gateway

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.calls import Outcome

Found = TypeVar("Found")


class NoReason(Refused):
    """An operator has to say why."""


class NotPossible(Refused):
    """What Stripe shows, or where the withdrawal is, stands against it."""


@dataclass(frozen=True, kw_only=True)
class SecondLook:
    """The transfers at Stripe that belong to a withdrawal, as of `looked_at` or later."""

    transfers: list[Transfer]
    looked_at: datetime


def look(ref: str) -> SecondLook:
    """Return every transfer of a withdrawal at Stripe, all pages of its group. Calls the network; raises TryLater."""
    looked_at = clock.now()
    return SecondLook(transfers=_answered(lambda: gateway().connect.list_transfers(ref)), looked_at=looked_at)


def retry(ref: str) -> Outcome:
    """Try a withdrawal's transfer again now, and return what came of it. Calls the network; raises NotPossible."""
    with transaction() as session:
        withdrawal = _open(session, ref)
        call_id = _call_of(session, withdrawal)
        if not by_hand.retry(session, call_id):
            message = "Its call to Stripe is closed: there is nothing to try again."
            raise NotPossible(message)
    return calls.drive(call_id)


def release(ref: str, *, reason: str, actor: str) -> None:
    """Give all of a withdrawal back to the wallet, when Stripe has no transfer of it. Calls the network.

    Raises NoReason, NotFound, TryLater, and NotPossible while a transfer exists or may yet come.
    """
    why = _written(reason)
    with transaction() as session:
        _open(session, ref)
    seen = look(ref)
    if seen.transfers:
        message = f"Stripe has the transfer {seen.transfers[0].id} of it: settle it instead."
        raise NotPossible(message)
    with transaction() as session:
        _release(session, ref, seen, reason=why, actor=actor)


def settle(ref: str, *, reason: str, actor: str) -> None:
    """Book a withdrawal as paid, when Stripe has exactly the one transfer that it asked for. Calls the network.

    Raises NoReason, NotFound, TryLater, and NotPossible when there is none, another, or more than one.
    """
    why = _written(reason)
    with transaction() as session:
        withdrawal = _open(session, ref)
    transfer = _fitting(withdrawal, look(ref).transfers)
    has_some = transfer.amount_reversed > 0
    reversals = _answered(lambda: gateway().connect.list_reversals(transfer.id)) if has_some else []
    with transaction() as session:
        # The journal's row first: whoever closes or takes a call locks it before the withdrawal.
        by_hand.conclude(session, _call_of(session, withdrawal), transfer.id)
        locked = _still_open(session, ref)
        locked.reason = why
        follow(session, locked, transfer, reversals, actor=actor, reason=why)


def _release(session: Session, ref: str, seen: SecondLook, *, reason: str, actor: str) -> None:
    call_id = _call_of(session, _open(session, ref))
    if not by_hand.call_off(session, call_id, looked_at=seen.looked_at):
        message = "A request for this transfer may still be on its way to Stripe. Please wait some minutes."
        raise NotPossible(message)
    end_without_effect(session, _still_open(session, ref), WithdrawalStatus.FAILED, reason, actor=actor)


def _answered(ask: Callable[[], list[Found]]) -> list[Found]:
    """Return what Stripe answers; raises TryLater when it does not."""
    try:
        return ask()
    except (StripeUnavailable, StripeRefused) as error:
        message = "Stripe does not answer, so nothing was done. Please try again later."
        raise TryLater(message) from error


def _written(reason: str) -> str:
    written = reason.strip()
    if not written:
        message = "Say why: it stands in the ledger for good."
        raise NoReason(message, errors=[{"field": "reason", "message": message}])
    return written


def _open(session: Session, ref: str) -> Withdrawal:
    """Return a withdrawal that has not ended. Raises NotFound, NotPossible."""
    found = read_withdrawal(session, ref) if "\x00" not in ref else None
    if found is None:
        message = "There is no such withdrawal."
        raise NotFound(message)
    return _not_ended(found)


def _still_open(session: Session, ref: str) -> Withdrawal:
    return _not_ended(lock_withdrawal(session, ref))


def _not_ended(withdrawal: Withdrawal) -> Withdrawal:
    if withdrawal.status not in OPEN:
        message = f"It is {withdrawal.status} already."
        raise NotPossible(message)
    return withdrawal


def _call_of(session: Session, withdrawal: Withdrawal) -> int:
    found = by_hand.find(session, CREATE, withdrawal.ref)
    if found is None:
        message = "Its transfer was never planned: `ledger check` says what is wrong."
        raise NotPossible(message)
    return found


def _fitting(withdrawal: Withdrawal, transfers: list[Transfer]) -> Transfer:
    """Return the one transfer that is exactly what was asked for."""
    if len(transfers) != 1:
        count = "no transfer" if not transfers else f"{len(transfers)} transfers"
        message = f"Stripe has {count} of it; exactly one is needed."
        raise NotPossible(message)
    found = transfers[0]
    shown = (found.metadata.get("ref"), found.amount, found.currency, found.destination)
    if shown != (withdrawal.ref, withdrawal.net_minor, withdrawal.currency, withdrawal.stripe_account_id):
        message = f"The transfer {found.id} has another amount, destination or ref than this withdrawal."
        raise NotPossible(message)
    return found
