"""The postings of withdrawals. The withdrawal's row is locked by whoever calls; never commits.

Held: the net amount in `withdrawals:in_transit`, the fee in `withdrawals:fees`. What comes back, all of it or what
Stripe reversed, repays what is owed first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import jobs, ledger
from randonumber.ledger import Move, accounts
from randonumber.ledger.models import Transaction
from randonumber.reconciliation import MIRROR_SOON

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.payouts.models import Withdrawal
    from randonumber.stripe_gateway import Transfer, TransferReversal

HOLD: Final = "withdrawal_hold"
SETTLE: Final = "withdrawal_settle"
RELEASE: Final = "withdrawal_release"
REVERSE: Final = "withdrawal_reverse"


@dataclass(frozen=True, kw_only=True)
class Money:
    """What a user has and owes at this moment, in cents and in credits; no figure is below zero."""

    available: int
    owed: int
    owed_credits: int


def lock_money(session: Session, user_id: int) -> Money:
    """Return what a user has and owes, locked in the order of all locks; nothing for a user without accounts."""
    wallet, debt, credit_debt = _codes(user_id)
    stands = ledger.lock_balances(session, wallet, debt, credit_debt)
    return Money(available=stands.get(wallet, 0), owed=-stands.get(debt, 0), owed_credits=-stands.get(credit_debt, 0))


def hold(session: Session, withdrawal: Withdrawal) -> None:
    """Set the money of a new withdrawal aside. Raises ledger.Overdrawn."""
    wallet = accounts.wallet(withdrawal.user_id)
    moves = [Move(source=wallet, destination=accounts.WITHDRAWALS_IN_TRANSIT, amount=withdrawal.net_minor)]
    if withdrawal.fee_minor:
        moves.append(Move(source=wallet, destination=accounts.WITHDRAWAL_FEES, amount=withdrawal.fee_minor))
    user_id = withdrawal.user_id
    ledger.post(session, kind=HOLD, ref=withdrawal.ref, entries=moves, actor=withdrawal.actor, user_id=user_id)


def settle(
    session: Session, withdrawal: Withdrawal, transfer: Transfer, *, actor: str, reason: str | None = None
) -> None:
    """Book that the money which was set aside has left Stripe's balance for the connected account."""
    gone = Move(
        source=accounts.WITHDRAWALS_IN_TRANSIT, destination=accounts.STRIPE_BALANCE, amount=withdrawal.net_minor
    )
    ledger.post(
        session,
        kind=SETTLE,
        ref=withdrawal.ref,
        entries=[gone],
        actor=actor,
        user_id=withdrawal.user_id,
        reason=reason,
        event_at=transfer.created_at,
    )
    jobs.enqueue(session, MIRROR_SOON)


def release(session: Session, withdrawal: Withdrawal, *, actor: str, reason: str | None) -> None:
    """Give back all that was set aside, the fee too."""
    wallet = accounts.wallet(withdrawal.user_id)
    moves = [Move(source=accounts.WITHDRAWALS_IN_TRANSIT, destination=wallet, amount=withdrawal.net_minor)]
    if withdrawal.fee_minor:
        moves.append(Move(source=accounts.WITHDRAWAL_FEES, destination=wallet, amount=withdrawal.fee_minor))
    is_hold = (Transaction.kind == HOLD) & (Transaction.ref == withdrawal.ref)
    ledger.post(
        session,
        kind=RELEASE,
        ref=withdrawal.ref,
        entries=[*moves, *_repaying(session, withdrawal.user_id, withdrawal.amount_minor)],
        actor=actor,
        user_id=withdrawal.user_id,
        reverses_id=session.execute(select(Transaction.id).where(is_hold)).scalar_one(),
        reason=reason,
    )


def reverse(session: Session, withdrawal: Withdrawal, reversal: TransferReversal, *, actor: str) -> None:
    """Book what Stripe took back from the connected account: it is the user's again."""
    wallet = accounts.wallet(withdrawal.user_id)
    back = Move(source=accounts.STRIPE_BALANCE, destination=wallet, amount=reversal.amount)
    ledger.post(
        session,
        kind=REVERSE,
        ref=reversal.id,
        entries=[back, *_repaying(session, withdrawal.user_id, reversal.amount)],
        actor=actor,
        user_id=withdrawal.user_id,
        event_at=reversal.created_at,
    )
    jobs.enqueue(session, MIRROR_SOON)


def _repaying(session: Session, user_id: int, amount_minor: int) -> list[Move]:
    """Return the move that repays, out of an amount that comes back, what is owed now."""
    repaid = min(lock_money(session, user_id).owed, amount_minor)
    wallet, debt, _ = _codes(user_id)
    return [Move(source=wallet, destination=debt, amount=repaid)] if repaid else []


def _codes(user_id: int) -> tuple[str, str, str]:
    return accounts.wallet(user_id), accounts.money_debt(user_id), accounts.credit_debt(user_id)
