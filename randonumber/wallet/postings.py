"""The postings of what happened to a top-up's money, found for the rows of Stripe's book that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber.payments.postings import CHARGE_TYPES, find_named
from randonumber.wallet.models import ReversalKind
from randonumber.wallet.service.reversal_booking import GIVING_BACK, TAKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

CHARGES: Final = ("ch_", "py_")
REFUNDS: Final = ("re_", "pyr_")
DISPUTES: Final = ("dp_", "du_")

# A top-up in review or paid twice has no posting for this charge: its money is nobody's until somebody decides.
_OF_CHARGE: Final = text("""
    SELECT transactions.id
      FROM topups JOIN transactions ON transactions.kind = 'topup' AND transactions.ref = topups.ref
     WHERE topups.payment_id = :payment_id AND topups.amount_minor = :amount AND topups.currency = :currency
       AND topups.paid_at IS NOT NULL
""")


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting of the row's gross amount; None when no top-up has one."""
    source = txn.source_id or ""
    if source.startswith(CHARGES):
        return _of_charge(session, txn) if txn.type in CHARGE_TYPES else None
    if source.startswith(REFUNDS):
        return _of_reversal(session, txn, ReversalKind.REFUND)
    if source.startswith(DISPUTES):
        return _of_reversal(session, txn, ReversalKind.DISPUTE)
    return None


def _of_charge(session: Session, txn: BalanceTransaction) -> int | None:
    parameters = {"payment_id": txn.source_id, "amount": txn.amount, "currency": txn.currency}
    return session.execute(_OF_CHARGE, parameters).scalar_one_or_none()


def _of_reversal(session: Session, txn: BalanceTransaction, kind: ReversalKind) -> int | None:
    return find_named(session, (TAKING if txn.amount < 0 else GIVING_BACK)[kind], txn)
