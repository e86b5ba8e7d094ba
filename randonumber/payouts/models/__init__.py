"""The rows of paying out: connected accounts and withdrawals."""

from __future__ import annotations

from randonumber.payouts.models.accounts import AccountType, ConnectedPayout, OAuthState, PayoutAccount
from randonumber.payouts.models.withdrawals import OPEN, Withdrawal, WithdrawalReversal, WithdrawalStatus

__all__ = [
    "OPEN",
    "AccountType",
    "ConnectedPayout",
    "OAuthState",
    "PayoutAccount",
    "Withdrawal",
    "WithdrawalReversal",
    "WithdrawalStatus",
]
