"""Postings that Stripe's own ids name, found for the rows of Stripe's book that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

CHARGE_TYPES: Final = frozenset({"charge", "payment"})
"""https://docs.stripe.com/reports/balance-transaction-types"""

# What is named by such an id has a further part behind a colon where another posting of its kind was made.
_NAMED: Final = text("""
    SELECT transactions.id
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts ON accounts.code = 'stripe:balance' AND accounts.id IN (entries.source_id, entries.destination_id)
     WHERE transactions.kind = :kind AND (transactions.ref = :source OR starts_with(transactions.ref, :source || ':'))
       AND NOT EXISTS (SELECT FROM balance_transactions WHERE claimed_id = transactions.id)
     GROUP BY transactions.id
    HAVING sum(entries.amount) = :amount
     ORDER BY transactions.id LIMIT 1
""")


def find_named(session: Session, kind: str, txn: BalanceTransaction) -> int | None:
    """Return the posting of this kind that the row's source names, in exactly its amount; None when there is none."""
    parameters = {"kind": kind, "source": txn.source_id, "amount": abs(txn.amount)}
    return session.execute(_NAMED, parameters).scalar_one_or_none()
