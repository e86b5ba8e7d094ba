"""Why somebody cannot withdraw now: every reason at once, each with a code for programs and what to do about it.

Whoever is about to withdraw asks under the locks of the payout account and of the wallet; a page may ask without.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from flask import current_app
from sqlalchemy import select, text

from randonumber.errors import Refused
from randonumber.ledger.models import BrokenInvariant
from randonumber.ledger.queries import wallet_balances
from randonumber.money import format_credits, format_money, part_half_up
from randonumber.payouts.models import Withdrawal, WithdrawalStatus
from randonumber.payouts.service import accounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from randonumber.ledger.queries import WalletBalances
    from randonumber.payouts.models import PayoutAccount
    from randonumber.payouts.service.withdrawals.destination import Look

ALL: Final = "all"
Asked = int | Literal["all"]
"""What somebody wants to withdraw: an amount in cents, or all there is."""
DAY: Final = timedelta(hours=24)
UNCOUNTED: Final = (WithdrawalStatus.CANCELED, WithdrawalStatus.FAILED)
"""What never left counts against nobody."""

_IS_ACTIVE: Final = text("SELECT active FROM users WHERE id = :user_id")


class Code(StrEnum):
    """A reason, for programs."""

    NO_PAYOUT_ACCOUNT = "no_payout_account"
    ACCOUNT_NOT_READY = "account_not_ready"
    ACCOUNT_CHANGED_RECENTLY = "account_changed_recently"
    BELOW_MINIMUM = "below_minimum"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    DEBT = "debt"
    DAILY_LIMIT = "daily_limit"
    BARRED = "barred"
    REAUTHENTICATION_REQUIRED = "reauthentication_required"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why not, what to do about it, and when it will be over, if that is known."""

    code: Code
    message: str
    until: datetime | None = None

    def shown(self) -> dict[str, Any]:
        """Return the reason for programs."""
        return {"code": self.code, "message": self.message, "until": self.until.isoformat() if self.until else None}


NO_ACCOUNT: Final = Reason(
    code=Code.NO_PAYOUT_ACCOUNT,
    message="No Stripe account is connected. Connect the one your money should go to.",
)


class NotWithdrawable(Refused):
    """One or more reasons stand against a withdrawal."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        detail = " ".join(reason.message for reason in reasons)
        super().__init__(detail, extra={"reasons": [reason.shown() for reason in reasons]})
        self.reasons = list(reasons)


def fee_of(amount_minor: int) -> int:
    """Return the fee of a withdrawal of so many cents, rounded half up to a cent."""
    return part_half_up(amount_minor, current_app.extensions["config"].withdrawal_fee_basis_points)


def amount_of(asked: Asked, available: int) -> int:
    """Return how many cents are asked for when `available` are there."""
    return available if asked == ALL else asked


def reasons(
    session: Session,
    user_id: int,
    asked: Asked,
    now: datetime,
    *,
    look: Look | None = None,
    is_fresh: bool = True,
) -> list[Reason]:
    """Return every reason why a user cannot withdraw so much at this moment; none when it can be done. Never commits.

    `look` is what Stripe has just said of the connected account, if it was asked.
    """
    account = accounts.standing(session, user_id)
    return [
        *_of_account(account, now, look),
        *_of_money(session, user_id, asked),
        *_of_day(session, user_id, now),
        *_of_user(session, user_id, is_fresh=is_fresh),
    ]


def against_sending(session: Session, user_id: int) -> Reason | None:
    """Return why money that was set aside must not leave any more: what came to be owed, or a user who is barred.

    Never commits.
    """
    found = [*_of_debt(wallet_balances(session, user_id)), *_of_bar(session, user_id)]
    return found[0] if found else None


def are_closed(session: Session) -> bool:
    """Whether the books are broken: no withdrawal begins or goes out until they hold again. Never commits."""
    return session.execute(select(BrokenInvariant.check_id).limit(1)).scalar() is not None


def _of_account(account: PayoutAccount | None, now: datetime, look: Look | None) -> Iterator[Reason]:
    if account is None:
        yield NO_ACCOUNT
        return
    if not account.transfers_active:
        message = "Your Stripe account cannot receive money yet. Your payout account’s page says what is missing."
        yield Reason(code=Code.ACCOUNT_NOT_READY, message=message)
    elif look is not None and look.stripe_account_id == account.stripe_account_id and look.trouble:
        yield Reason(code=Code.ACCOUNT_NOT_READY, message=look.trouble)
    if (until := accounts.waits_until(account, now)) is not None:
        message = "Your payout account was changed a short while ago. To keep your money safe, please wait a little."
        yield Reason(code=Code.ACCOUNT_CHANGED_RECENTLY, message=message, until=until)


def _of_money(session: Session, user_id: int, asked: Asked) -> Iterator[Reason]:
    stands = wallet_balances(session, user_id)
    amount = amount_of(asked, stands.available)
    least = max(current_app.extensions["config"].withdrawal_minimum_cents, 1)
    if amount < least:
        what = "Wait until there is more, or top it up" if asked == ALL else "Choose more, or wait until there is more"
        message = f"The smallest withdrawal is {format_money(least)}. {what}."
        yield Reason(code=Code.BELOW_MINIMUM, message=message)
    elif amount <= fee_of(amount):
        message = "The fee would take all of it. Choose more."
        yield Reason(code=Code.BELOW_MINIMUM, message=message)
    if amount > stands.available or stands.available == 0:
        there = format_money(stands.available)
        coming = f" {format_money(stands.pending)} more is on its way." if stands.pending else ""
        what = "Top it up first" if stands.available == 0 else "Choose no more than that, or top it up"
        message = f"Your wallet holds {there}. {what}.{coming}"
        yield Reason(code=Code.INSUFFICIENT_FUNDS, message=message)
    yield from _of_debt(stands)


def _of_debt(stands: WalletBalances) -> Iterator[Reason]:
    if stands.debt_usd or stands.debt_credit:
        owed = [format_money(stands.debt_usd)] if stands.debt_usd else []
        owed += [f"{format_credits(stands.debt_credit)} credits"] if stands.debt_credit else []
        how = "Top up your wallet" if stands.debt_usd else "Buy credits"
        message = f"You owe {' and '.join(owed)}. {how}: what you owe is repaid first."
        yield Reason(code=Code.DEBT, message=message)


def _of_day(session: Session, user_id: int, now: datetime) -> Iterator[Reason]:
    """Count the withdrawals of the last 24 hours; a canceled or failed one has moved nothing, and is not counted."""
    most: int = current_app.extensions["config"].withdrawals_per_day
    is_counted = Withdrawal.status.not_in(UNCOUNTED) & (Withdrawal.created_at > now - DAY)
    query = select(Withdrawal.created_at).where(Withdrawal.user_id == user_id, is_counted)
    newest = session.execute(query.order_by(Withdrawal.created_at.desc()).limit(max(most, 1))).scalars().all()
    if most == 0:
        yield Reason(code=Code.DAILY_LIMIT, message="Withdrawals are switched off here. Please ask whoever runs it.")
    elif len(newest) >= most:
        times = "one withdrawal" if most == 1 else f"{most} withdrawals"
        message = f"{times.capitalize()} can be made within 24 hours. Please come back later."
        yield Reason(code=Code.DAILY_LIMIT, message=message, until=newest[-1] + DAY)


def _of_user(session: Session, user_id: int, *, is_fresh: bool) -> Iterator[Reason]:
    bar = list(_of_bar(session, user_id))
    yield from bar
    if not bar and are_closed(session):
        message = "Withdrawals are closed while we check our books. Your money is safe; please come back later."
        yield Reason(code=Code.BARRED, message=message)
    if not is_fresh:
        message = "Please give your password again: it was given more than five minutes ago."
        yield Reason(code=Code.REAUTHENTICATION_REQUIRED, message=message)


def _of_bar(session: Session, user_id: int) -> Iterator[Reason]:
    if not session.execute(_IS_ACTIVE, {"user_id": user_id}).scalar():
        yield Reason(code=Code.BARRED, message="Your account is barred. Please write to us.")
