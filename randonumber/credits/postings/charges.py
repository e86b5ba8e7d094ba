"""The rows of charges: the purchase that a charge paid, and its posting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber.payments.postings import CHARGE_TYPES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

PREFIXES: Final = ("ch_", "py_")

# A purchase in review or paid twice has no posting for this charge: its money is nobody's until somebody decides.
_POSTING: Final = text("""
    SELECT transactions.id
      FROM purchases
      JOIN transactions ON transactions.kind = 'purchase' AND transactions.ref = purchases.ref
     WHERE purchases.payment_id = :payment_id AND purchases.amount_minor = :amount
       AND purchases.currency = :currency AND purchases.lot_ref IS NOT NULL
""")


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting of the purchase that this charge paid, in exactly this amount; None when none did."""
    if txn.type not in CHARGE_TYPES:
        return None
    parameters = {"payment_id": txn.source_id, "amount": txn.amount, "currency": txn.currency}
    return session.execute(_POSTING, parameters).scalar_one_or_none()
