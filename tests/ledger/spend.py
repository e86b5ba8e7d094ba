"""The spending statement without a product: who pays is given, nothing is drawn."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber import clock
from randonumber.ledger.spending import SPEND

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STATEMENT: Final = text(
    "WITH payer AS (SELECT cast(:user_id AS bigint) AS user_id), "  # noqa: S608 - a constant of the source
    + SPEND
    + "SELECT (SELECT id FROM posted) AS transaction_id, credits.before FROM credits"
)


@dataclass(frozen=True, kw_only=True)
class Spent:
    """The transaction, None when the credits do not suffice; and the credits that there were before."""

    transaction_id: int | None
    before: int


def spend(session: Session, user_id: int, amount: int) -> Spent:
    """Spend as the product does: with a limit on the lots at first, and without one when that finds too little."""
    for limit in (amount, None):
        parameters: dict[str, Any] = {
            "user_id": user_id,
            "amount": amount,
            "lot_limit": limit,
            "ref": secrets.token_hex(8),
            "actor": "test",
            "now": clock.now(),
        }
        row = session.execute(STATEMENT, parameters).one()
        if row.transaction_id is not None:
            break
    return Spent(transaction_id=row.transaction_id, before=int(row.before))
