"""What a user owes in credits and why, and the dispute that stands against a purchase: to read, for pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, text

from randonumber.credits.models import Dispute, PurchaseStatus
from randonumber.credits.service.reversing import TAKEN
from randonumber.database import transaction
from randonumber.hooks import Section
from randonumber.ledger import accounts, queries

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase

LATEST: Final = 5

# From the user's disputes and refunds, not from the ledger: a debtor may have drawn many thousand times.
_CAUSES: Final = text("""
    SELECT purchases.ref, purchases.credits, caused.what, transactions.created_at, entries.amount AS owed
      FROM (SELECT purchase_id, 'dispute' AS what, 'dispute_open' AS kind, stripe_dispute_id AS ref
              FROM disputes WHERE user_id = :user_id
             UNION ALL
            SELECT purchase_id, 'refund', 'refund_hold', ref FROM refunds WHERE user_id = :user_id
             UNION ALL
            SELECT purchase_id, 'refund', 'refund_wallet', ref FROM refunds WHERE user_id = :user_id
             UNION ALL
            SELECT purchase_id, 'refund', 'refund_external', stripe_refund_id FROM refunds WHERE user_id = :user_id
           ) AS caused
      JOIN transactions ON transactions.kind = caused.kind AND transactions.ref = caused.ref
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts ON accounts.id = entries.source_id AND accounts.code = :debt
      JOIN purchases ON purchases.id = caused.purchase_id
     ORDER BY transactions.id DESC LIMIT :limit
""")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A `dispute` or `refund` of a purchase whose credits were spent already: `owed` of them became a debt."""

    purchase_ref: str
    credits: int
    what: str
    owed: int
    created_at: datetime


def causes(session: Session, user_id: int) -> list[Cause]:
    """Return what has made a user owe credits, newest first; the latest few."""
    parameters = {"user_id": user_id, "debt": accounts.credit_debt(user_id), "limit": LATEST}
    return [
        Cause(purchase_ref=row.ref, credits=row.credits, what=row.what, owed=row.owed, created_at=row.created_at)
        for row in session.execute(_CAUSES, parameters)
    ]


def standing_dispute(purchase: Purchase) -> Dispute | None:
    """Return the newest dispute that stands against a purchase, open or lost; None without one."""
    if purchase.status != PurchaseStatus.DISPUTED:
        return None
    query = select(Dispute).where(Dispute.purchase_id == purchase.id, Dispute.status.in_(TAKEN))
    with transaction() as session:
        return session.execute(query.order_by(Dispute.id.desc()).limit(1)).scalar_one_or_none()


def _debts(session: Session, user_id: int) -> dict[str, Any] | None:
    owed = queries.wallet_balances(session, user_id).debt_credit
    return {"owed": owed, "causes": causes(session, user_id)} if owed else None


SECTION: Final = Section(
    name="debts", title="Credits you owe", position=5, template="credits/debts.html", context=_debts
)
"""Shown on the account page while something is owed."""
