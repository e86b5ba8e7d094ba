"""The invariants of purchases catch what they are there for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.ledger import checks

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox

pytestmark = pytest.mark.broken_books


@pytest.fixture
def ref(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> str:
    """A paid purchase that reconciliation has seen."""
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url)
    deliver_webhooks()
    assert broken() == set()
    return started.ref


def broken() -> set[str]:
    with transaction() as session:
        return {result.id for result in checks.run(session, prefix="A") if not result.holds}


def plant(*statements: str) -> None:
    """Change what the database would never let anybody change."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("identity", "statement"),
    [
        ("A06", "UPDATE purchases SET status = 'pending', lot_ref = NULL"),
        ("A06", "UPDATE transactions SET ref = 'pur_other' WHERE kind = 'purchase'"),
        ("A06", "UPDATE transactions SET user_id = NULL WHERE kind = 'purchase'"),
        ("A06", "UPDATE purchases SET credits = 20, amount_minor = 1800, pack = NULL"),
        ("A06", "UPDATE accounts SET lot_source_ref = 'pur_other' WHERE lot_source = 'purchase'"),
        ("A06", "UPDATE purchases SET method = 'wallet'"),
        ("A07", "UPDATE transactions SET reason = ' ' WHERE kind = 'grant'"),
        ("A07", "UPDATE transactions SET kind = 'gift' WHERE kind = 'grant'"),
        ("A07", "UPDATE purchases SET status = 'failed', lot_ref = NULL"),
        ("A12", "UPDATE balance_transactions SET amount = amount + 1, net = net + 1"),
        ("A12", "UPDATE balance_transactions SET claimed_id = (SELECT min(id) FROM transactions)"),
    ],
)
def test_a_planted_violation_is_caught(ref: str, identity: str, statement: str) -> None:
    plant(statement)
    assert identity in broken()
