"""The invariants of withdrawals catch what they are there for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber.database import transaction
from randonumber.ledger import checks
from randonumber.payouts.service.withdrawals.requesting import Asker, hold
from tests.credits.test_refund_checks import broken_by
from tests.payouts.withdrawers import CREATE, agreed

if TYPE_CHECKING:
    from tests.payouts.withdrawers import Withdrawer

TO_SALES: Final = (
    "= house.id FROM accounts AS house, transactions WHERE code = 'sales' AND transactions.id = transaction_id"
)
VIOLATIONS: Final = (
    ("A08", "UPDATE withdrawals SET amount_minor = amount_minor + 1"),
    (
        "A08",
        "UPDATE withdrawals SET status = 'held', closed_at = NULL, transfer_id = NULL WHERE form_ref = 'form-whole'",
    ),
    ("A08", "UPDATE withdrawals SET status = 'failed', transfer_id = NULL WHERE form_ref = 'form-whole'"),
    ("A08", "UPDATE withdrawals SET reversed_minor = reversed_minor + 1 WHERE form_ref = 'form-paid'"),
    ("A08", "DELETE FROM withdrawal_reversals"),
    ("A08", "DELETE FROM transactions WHERE kind = 'withdrawal_settle'"),
    ("A08", "DELETE FROM transactions WHERE kind = 'withdrawal_reverse'"),
    ("A08", "UPDATE transactions SET ref = ref || 'x' WHERE kind = 'withdrawal_hold'"),
    ("A08", "UPDATE withdrawals SET user_id = user_id + 1"),
    ("A08", "UPDATE entries SET source_id " + TO_SALES + " AND transactions.kind = 'withdrawal_hold'"),  # noqa: S608 - constants
    ("A08", "UPDATE entries SET destination_id " + TO_SALES + " AND transactions.kind = 'withdrawal_release'"),  # noqa: S608 - constants
    ("A08", "UPDATE entries SET destination_id " + TO_SALES + " AND transactions.kind = 'withdrawal_reverse'"),  # noqa: S608 - constants
    ("A09", "UPDATE withdrawals SET amount_minor = amount_minor + 1 WHERE status = 'sent'"),
    ("A09", "DELETE FROM withdrawals WHERE status = 'sent'"),
    ("A10", "UPDATE balance_transactions SET amount = amount - 1, net = net - 1 WHERE type = 'transfer'"),
    ("A10", "UPDATE balance_transactions SET claimed_id = NULL, unmatched_id = claimed_id WHERE type = 'transfer'"),
    ("A10", "UPDATE withdrawals SET transfer_id = 'tr_other' WHERE form_ref = 'form-paid'"),
    ("A11", "UPDATE balance_transactions SET claimed_id = NULL, unmatched_id = claimed_id WHERE type = 'transfer'"),
)


def test_each_planted_violation_is_caught(withdrawer: Withdrawer) -> None:
    paid = withdrawer.withdraw(1000, "form-paid")
    withdrawer.withdraw(1000, "form-whole")
    withdrawer.reverse(paid, 300)
    withdrawer.deliver()
    agreed()
    with transaction() as session:
        asker = Asker(user_id=withdrawer.person.id, actor="test", is_fresh=True)
        given_back = hold(session, asker, 1000, look=None).ref
    withdrawer.cancel(given_back)
    withdrawer.sandbox.fault(CREATE, "reset_before")
    withdrawer.withdraw(2000, "form-sent")
    assert broken_by(None) == set()
    missed = [(identity, planted) for identity, planted in VIOLATIONS if identity not in broken_by(planted)]
    assert missed == []


def test_what_is_unknown_or_waits_too_long_is_said(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_before")
    withdrawer.withdraw(2000)
    assert lying() == []
    age("sent_at = now() - interval '16 minutes'")
    assert lying() == [("L12", "unknown")]
    age("status = 'held', sent_at = NULL, created_at = now() - interval '25 hours'")
    assert lying() == [("L12", "waiting")]


def test_waiting_for_funds_is_no_unknown_call(withdrawer: Withdrawer) -> None:
    spare = int(withdrawer.sandbox.client.v1.balance.retrieve().available[0].amount)
    withdrawer.sandbox.client.v1.payouts.create({"amount": spare, "currency": "usd"})
    withdrawer.withdraw(2000)
    with transaction() as session:
        session.execute(text("UPDATE stripe_calls SET planned_at = now() - interval '3 hours'"))
        assert [one.id for one in checks.run(session, prefix="L02") if not one.holds] == []
        session.execute(text("UPDATE stripe_calls SET due_at = now() - interval '16 minutes' WHERE closed_at IS NULL"))
        assert [one.id for one in checks.run(session, prefix="L02") if not one.holds] == ["L02"]


def age(change_: str) -> None:
    with transaction() as session:
        session.execute(text(f"UPDATE withdrawals SET {change_}"))  # noqa: S608 - the test's own words


def lying() -> list[tuple[str, str]]:
    with transaction() as session:
        return [(one.id, str(one.samples[0]["what"])) for one in checks.run(session, prefix="L12") if not one.holds]
