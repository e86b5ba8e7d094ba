"""What a receipt says: what was bought, what paid for it, and what has gone back since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from randonumber.credits import queries
from randonumber.credits.models import BOOKED, Refund, RefundStatus
from randonumber.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase

IN_FORCE: Final = (RefundStatus.HELD, RefundStatus.PENDING, RefundStatus.SUCCEEDED)

_REPAID: Final = text("""
    SELECT coalesce(sum(entries.amount), 0)::bigint
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts ON accounts.id = entries.destination_id
     WHERE transactions.kind = 'purchase' AND transactions.ref = :ref AND accounts.kind = 'debt'
""")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A purchase that was paid, with its refunds, the oldest first. `repaid` of its credits went to owed ones."""

    purchase: Purchase
    refunds: Sequence[Refund]
    repaid: int

    @property
    def kept_minor(self) -> int:
        """What was paid, less what is given or taken back."""
        return self.purchase.amount_minor - self.purchase.refunded_minor - self.purchase.disputed_minor


def get_receipt(session: Session, user_id: int, ref: str) -> Receipt:
    """Return the receipt of the user's purchase; raises NotFound, also for one that was not paid."""
    purchase = queries.get_purchase(session, user_id, ref)
    if purchase.status not in BOOKED:
        message = "There is no receipt: this purchase was not paid."
        raise NotFound(message)
    refunds = select(Refund).where(Refund.purchase_id == purchase.id, Refund.status.in_(IN_FORCE)).order_by(Refund.id)
    return Receipt(
        purchase=purchase,
        refunds=session.scalars(refunds).all(),
        repaid=session.execute(_REPAID, {"ref": ref}).scalar_one(),
    )
