"""The invariants of refunds catch what they are there for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber.database import transaction
from randonumber.ledger import checks
from tests.credits.refunding import agreed

if TYPE_CHECKING:
    from tests.credits.refunding import Shop

VIOLATIONS: Final = (
    ("A15", "UPDATE refunds SET amount_minor = amount_minor - 1"),
    ("A15", "UPDATE purchases SET refunded_minor = refunded_minor + 1"),
    ("A15", "UPDATE refunds SET amount_minor = 901"),
    ("A15", "UPDATE balance_transactions SET amount = amount - 1, net = net - 1 WHERE type = 'refund'"),
    ("A18", "UPDATE purchases SET revoked_credits = revoked_credits - 1"),
    ("A18", "UPDATE transactions SET ref = 'rfd_other' WHERE kind = 'refund_hold'"),
    ("A18", "UPDATE purchases SET refunded_minor = amount_minor"),
    ("A23", "UPDATE refunds SET status = 'held'"),
    ("A23", "UPDATE refunds SET status = 'failed'"),
    ("A23", "UPDATE refunds SET status = 'refused'"),
    ("A23", "UPDATE refunds SET is_booked = false, status = 'pending'"),
    ("A23", "DELETE FROM transactions WHERE kind = 'refund_settle'"),
    ("A23", "UPDATE transactions SET ref = 'rfd_other' WHERE kind = 'refund_hold'"),
)


def broken_by(statement: str | None) -> set[str]:
    """Change what the database would never let anybody change, see what breaks, and take it back."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        if statement:
            session.execute(text(statement))
        found = {result.id for result in checks.run(session, prefix="A") if not result.holds}
        session.rollback()
        return found


def test_each_planted_violation_is_caught(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.draw(2)
    shop.give_back(ref)
    agreed()
    assert broken_by(None) == set()
    missed = [(identity, planted) for identity, planted in VIOLATIONS if identity not in broken_by(planted)]
    assert missed == []
