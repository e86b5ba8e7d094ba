"""What the page of the connected account shows. Nothing here commits or calls out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from randonumber import clock
from randonumber.payouts import requirements_wording
from randonumber.payouts.models import OPEN, PayoutAccount, Withdrawal
from randonumber.payouts.service import accounts, bank_payouts
from randonumber.payouts.service.linking import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.payouts.models import ConnectedPayout


class AccountState(StrEnum):
    """Where the account of a user stands."""

    BEING_MADE = "being_made"
    DISCONNECTING = "disconnecting"
    OUT_OF_REACH = "out_of_reach"
    UNREAD = "unread"
    ONBOARDING = "onboarding"
    WAITS = "waits"
    READY = "ready"
    NO_PAYOUTS = "no_payouts"


@dataclass(frozen=True, kw_only=True)
class OpenWithdrawals:
    """Withdrawals that have not ended, and go to one account."""

    stripe_account_id: str
    count: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What there is to show of a user's account; `waits_until`: a change keeps withdrawals waiting until then."""

    account: PayoutAccount | None
    state: AccountState | None
    wanted: Sequence[str]
    held_because: str | None
    waits_until: datetime | None
    was_refused: bool
    open_withdrawals: Sequence[OpenWithdrawals]
    payouts: Sequence[ConnectedPayout]
    earlier: Sequence[PayoutAccount]


def show(session: Session, user_id: int) -> Shown:
    """Return what there is to show to a user."""
    account = accounts.current(session, user_id)
    return Shown(
        account=account,
        state=state_of(account) if account else None,
        wanted=requirements_wording.sentences(account.requirements) if account else (),
        held_because=_held_because(account) if account else None,
        waits_until=accounts.waits_until(account, clock.now()) if account else None,
        was_refused=account is None and _was_refused(session, user_id),
        open_withdrawals=_open_withdrawals(session, user_id),
        payouts=bank_payouts.recent(session, user_id),
        earlier=accounts.history(session, user_id),
    )


def state_of(account: PayoutAccount) -> AccountState:
    """Return where an account stands, by what Stripe said last."""
    if account.stripe_account_id is None:
        return AccountState.BEING_MADE
    if account.disconnect_asked_at is not None:
        return AccountState.DISCONNECTING
    if account.disabled_reason == accounts.ACCESS_LOST:
        return AccountState.OUT_OF_REACH
    if account.transfers_active:
        return AccountState.READY if account.payouts_enabled else AccountState.NO_PAYOUTS
    if account.checked_at is None:
        return AccountState.UNREAD
    return AccountState.WAITS if account.details_submitted else AccountState.ONBOARDING


def _held_because(account: PayoutAccount) -> str | None:
    is_listed = account.disabled_reason == requirements_wording.PAST_DUE and account.requirements
    if is_listed or account.disabled_reason == accounts.ACCESS_LOST:  # said by the list, or by the state
        return None
    return requirements_wording.disabled(account.disabled_reason)


def _was_refused(session: Session, user_id: int) -> bool:
    """Whether the last account that a user asked for was one that Stripe would not make."""
    query = select(PayoutAccount.disconnect_reason).where(PayoutAccount.user_id == user_id)
    return session.scalar(query.order_by(PayoutAccount.id.desc()).limit(1)) == Ending.REFUSED


def _open_withdrawals(session: Session, user_id: int) -> list[OpenWithdrawals]:
    """Return what is on its way, by where it goes: each withdrawal keeps the account that it was asked for."""
    net = func.sum(Withdrawal.amount_minor - Withdrawal.fee_minor)
    query = (
        select(Withdrawal.stripe_account_id, Withdrawal.currency, func.count(), net)
        .where(Withdrawal.user_id == user_id, Withdrawal.status.in_(sorted(OPEN)))
        .group_by(Withdrawal.stripe_account_id, Withdrawal.currency)
        .order_by(Withdrawal.stripe_account_id)
    )
    return [
        OpenWithdrawals(stripe_account_id=account, count=count, amount_minor=int(amount), currency=currency)
        for account, currency, count, amount in session.execute(query)
    ]
