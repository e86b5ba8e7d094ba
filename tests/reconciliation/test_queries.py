"""What is asked of the mirror holds for a book of any length."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from randonumber import clock
from randonumber.reconciliation import queries
from randonumber.stripe_gateway import BalanceTransaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_any_number_of_rows_is_looked_for_at_once(session: Session) -> None:
    row = BalanceTransaction(
        id="txn_1",
        type="charge",
        amount=900,
        fee=56,
        net=844,
        currency="usd",
        source_id=None,
        created_at=clock.now(),
        available_on=clock.now(),
        reporting_category="charge",
        status="available",
    )
    rows = [replace(row, id=f"txn_{number}") for number in range(70_000)]

    assert queries.missing(session, rows) == rows
