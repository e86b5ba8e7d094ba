"""The ledger: two currencies, money (`usd`, in cents) and credits (`credit`), that never net against each other.

Every entry moves one amount from a source, which falls, to a destination, which rises. What we own or have paid
out is therefore negative: `stripe:balance` falls by what a buyer pays and stands at minus what Stripe holds for
us. What we owe or have earned is positive: wallets, lots, `sales`. Accounts of the world outside (`bank`,
`credits:issued`) may run either way. Both currencies sum to zero over all accounts, always.

`post` is the door; `spending` is the same for the one statement of a draw. The database itself refuses whatever
must not be (migrations/versions/0002_ledger.py).
"""

from __future__ import annotations

from randonumber.ledger.accounts import LotPriority, LotSource, OpenedLot, lock_balances, open_lot, open_user_accounts
from randonumber.ledger.posting import InvalidPosting, Move, Overdrawn, Posted, PostingConflict, post

__all__ = [
    "InvalidPosting",
    "LotPriority",
    "LotSource",
    "Move",
    "OpenedLot",
    "Overdrawn",
    "Posted",
    "PostingConflict",
    "lock_balances",
    "open_lot",
    "open_user_accounts",
    "post",
]
