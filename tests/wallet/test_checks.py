"""Each invariant of top-ups finds what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.ledger import checks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.wallet.conftest import Purse

pytestmark = pytest.mark.broken_books


def broken() -> set[str]:
    with transaction() as session:
        return {result.id for result in checks.run(session) if not result.holds}


@pytest.mark.parametrize(
    ("defect", "names"),
    [
        ("UPDATE topups SET amount_minor = amount_minor + 1", {"A30"}),
        ("UPDATE topups SET status = 'failed', paid_at = NULL, pending_minor = 0", {"A30", "A31"}),
        ("UPDATE topups SET pending_minor = pending_minor - 1", {"A31"}),
        ("UPDATE topup_reversals SET taken_minor = taken_minor + 1", {"A32", "A33"}),
        ("UPDATE topups SET refunded_minor = 0", {"A33"}),
        ("UPDATE topups SET disputed_minor = 5", {"A33"}),
        ("UPDATE balance_transactions SET amount = amount + 1, net = net + 1 WHERE type = 'charge'", {"A34"}),
        ("UPDATE topups SET payment_id = 'ch_other'", {"A34"}),
        ("UPDATE topups SET next_check_at = now() - interval '20 minutes'", {"L10"}),
        ("UPDATE topups SET funds_on = NULL, paid_at = now() - interval '3 days'", {"L10"}),
    ],
)
def test_a_defect_is_found(purse: Purse, defect: str, names: set[str]) -> None:
    ref = purse.top_up()
    purse.refund(ref, 1_000)
    purse.deliver()
    assert broken() == set()
    _plant(defect, {})
    assert names <= broken()


def test_money_of_nobody_in_disputes_held_is_found(purse: Purse) -> None:
    ref = purse.top_up()
    purse.dispute(ref)
    purse.deliver()
    _plant("UPDATE topups SET disputed_minor = disputed_minor + 1 WHERE ref = :ref", {"ref": ref})
    assert {"A20", "A33"} <= broken()


def _plant(defect: str, parameters: Mapping[str, str]) -> None:
    """Change a row behind the app's back, past the triggers of the mirror."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(defect), parameters)
