"""The rows of disputes: what a bank took from Stripe's balance and gave back to it, and the postings of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber.credits.service import disputing
from randonumber.payments.postings import find_named

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

PREFIXES: Final = ("dp_", "du_")
ROW_TYPE: Final = "adjustment"
"""https://docs.stripe.com/reports/balance-transaction-types"""


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting of the money that this row moved, in exactly this amount; None when there is none."""
    if txn.type != ROW_TYPE:
        return None
    return find_named(session, disputing.OPENING if txn.amount < 0 else disputing.REINSTATING, txn)
