"""The postings of what happened to a purchase's money, found for the rows of Stripe's book that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber.credits.postings import charges, disputes, refunds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

PARTS: Final = (charges, disputes, refunds)


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting of the row's gross amount; None when no purchase has one."""
    source = txn.source_id or ""
    part = next((part for part in PARTS if source.startswith(part.PREFIXES)), None)
    return part.find(session, txn) if part else None
