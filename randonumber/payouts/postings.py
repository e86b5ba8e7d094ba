"""The postings of withdrawals, found for the rows of Stripe's book that they belong to.

Type `transfer` with the transfer (`tr_…`) as its source; `transfer_refund` with the reversal (`trr_…`)
(https://docs.stripe.com/reports/balance-transaction-types). A transfer that our books do not know belongs to nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber.database import transaction
from randonumber.payouts.service.withdrawals.reading import effect_of_row
from randonumber.stripe_gateway import StripeNotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

PREFIXES: Final = ("tr_", "trr_")
ACTOR: Final = "job:reconciliation"

_GONE: Final = text("""
    SELECT transactions.id
      FROM withdrawals
      JOIN transactions ON transactions.kind = 'withdrawal_settle' AND transactions.ref = withdrawals.ref
     WHERE withdrawals.transfer_id = :source
""")
_BACK: Final = text("SELECT id FROM transactions WHERE kind = 'withdrawal_reverse' AND ref = :source")


def bring_level(txn: BalanceTransaction) -> None:
    """Bring the withdrawal of a row up to date with Stripe, if it is ours. Calls the network."""
    try:
        effect = effect_of_row(txn, actor=ACTOR)
    except StripeNotFound:
        return
    if effect is not None:
        with transaction() as session:
            effect(session)


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting of the row's gross amount; None when no withdrawal has one."""
    query = _GONE if txn.amount < 0 else _BACK
    return session.execute(query, {"source": txn.source_id}).scalar_one_or_none()
