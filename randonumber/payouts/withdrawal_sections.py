"""What withdrawing shows on the wallet's page: the form, or why not; and the latest withdrawals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import current_app, request

from randonumber import clock
from randonumber.hooks import Section
from randonumber.ledger.queries import wallet_balances
from randonumber.payouts import withdrawal_queries
from randonumber.payouts.service import accounts
from randonumber.payouts.service.withdrawals.reasons import ALL, Code, fee_of, reasons
from randonumber.payouts.withdrawal_forms import LONGEST, WithdrawForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

LATEST: Final = 10
MENDS: Final[Mapping[str, tuple[str, str]]] = {
    Code.NO_PAYOUT_ACCOUNT: ("/payouts", "Connect an account"),
    Code.ACCOUNT_NOT_READY: ("/payouts", "See your payout account"),
    Code.BELOW_MINIMUM: ("/wallet#topup", "Top up"),
    Code.INSUFFICIENT_FUNDS: ("/wallet#topup", "Top up"),
    Code.DEBT: ("/wallet#balance", "See what you owe"),
}
"""Where a reason is mended."""


def _withdraw(session: Session, user_id: int) -> dict[str, Any]:
    available = wallet_balances(session, user_id).available
    account = accounts.standing(session, user_id)
    return {
        "withdraw_form": WithdrawForm(formdata=None, amount=_kept()),
        "withdraw_reasons": reasons(session, user_id, ALL, clock.now()),
        "withdraw_refusals": [],
        "is_back": bool(request.args.get("withdraw")),
        "mends": MENDS,
        "available": available,
        "fee": fee_of(available),
        "fee_basis_points": current_app.extensions["config"].withdrawal_fee_basis_points,
        "account": account,
        "withdrawals": withdrawal_queries.withdrawals(session, user_id, limit=LATEST),
    }


def _kept() -> str:
    """Return what was typed before a detour."""
    typed = request.args.get("withdraw", "")[:LONGEST]
    return "" if typed == ALL else typed


SECTION: Final = Section(
    page="wallet",
    name="withdraw",
    title="Withdraw",
    position=40,
    template="payouts/withdraw.html",
    context=_withdraw,
)
