"""The rows of disputes: what a bank took from Stripe's balance and gave back to it, and the postings of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber.credits.service import disputing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

PREFIXES: Final = ("dp_", "du_")
ROW_TYPE: Final = "adjustment"
"""https://docs.stripe.com/reports/balance-transaction-types"""

# A dispute is named by itself, and by what it comes to where a further posting of the same kind was made.
_POSTING: Final = text("""
    SELECT transactions.id
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts ON accounts.code = 'stripe:balance' AND accounts.id IN (entries.source_id, entries.destination_id)
     WHERE transactions.kind = :kind AND (transactions.ref = :dispute OR starts_with(transactions.ref, :dispute || ':'))
       AND NOT EXISTS (SELECT FROM balance_transactions WHERE claimed_id = transactions.id)
     GROUP BY transactions.id
    HAVING sum(entries.amount) = :amount
     ORDER BY transactions.id LIMIT 1
""")


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting of the money that this row moved, in exactly this amount; None when there is none."""
    if txn.type != ROW_TYPE:
        return None
    kind = disputing.OPENING if txn.amount < 0 else disputing.REINSTATING
    parameters = {"kind": kind, "dispute": txn.source_id, "amount": abs(txn.amount)}
    return session.execute(_POSTING, parameters).scalar_one_or_none()
