"""The invariants of disputes catch what they are there for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.reconciliation.service import reconcile
from tests.credits.bank import Bank, sell
from tests.credits.test_checks import broken, plant

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox

pytestmark = pytest.mark.broken_books


@pytest.fixture
def lost(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> None:
    """A dispute that was lost, and that reconciliation has seen."""
    bank = Bank(sandbox=sandbox)
    sale = sell(buyer, sandbox, deliver_webhooks)
    bank.decides(bank.disputes(sale.charge), won=False)
    deliver_webhooks()
    assert reconcile().agrees
    assert broken() == set()


@pytest.mark.usefixtures("lost")
@pytest.mark.parametrize(
    ("identity", "statement"),
    [
        ("A20", "UPDATE disputes SET withdrawn_minor = withdrawn_minor - 1, lost_minor = lost_minor - 1"),
        ("A20", "UPDATE disputes SET lost_minor = 0"),
        ("A20", "DELETE FROM disputes"),
        ("A20", "UPDATE transactions SET ref = 'dp_other' WHERE kind = 'dispute_open'"),
        ("A20", "DELETE FROM entries WHERE transaction_id = (SELECT id FROM transactions WHERE kind = 'dispute_lost')"),
        ("A21", "UPDATE purchases SET disputed_minor = 899"),
        ("A21", "UPDATE purchases SET status = 'paid'"),
        ("A21", "UPDATE disputes SET status = 'won'"),
        ("A22", "UPDATE disputes SET status = 'won'"),
        ("A22", "UPDATE disputes SET status = 'open'"),
        ("A22", "UPDATE disputes SET status = 'inquiry'"),
        ("A22", "UPDATE disputes SET closed_at = NULL"),
    ],
)
def test_a_planted_violation_is_caught(identity: str, statement: str) -> None:
    plant(statement)
    assert identity in broken()
