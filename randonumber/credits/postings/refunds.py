"""The rows of refunds: what left Stripe's balance, and what came back into it when a refund failed.

Types `refund` and `payment_refund`, and `refund_failure` and `payment_failure_refund` for what came back
(https://docs.stripe.com/reports/balance-transaction-types); the sign tells them apart. The source
of each is the refund.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

PREFIXES: Final = ("re_", "pyr_")

_GONE: Final = text("""
    SELECT transactions.id
      FROM refunds
      JOIN transactions ON (transactions.kind = 'refund_settle' AND transactions.ref = refunds.ref)
                        OR (transactions.kind = 'refund_external' AND transactions.ref = refunds.stripe_refund_id)
     WHERE refunds.stripe_refund_id = :refund_id
""")
_BACK: Final = text("SELECT id FROM transactions WHERE kind = 'refund_fail' AND ref = :refund_id")


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting that took this refund out of Stripe's balance, or brought it back; None when none did."""
    query = _GONE if txn.amount < 0 else _BACK
    return session.execute(query, {"refund_id": txn.source_id}).scalar_one_or_none()
