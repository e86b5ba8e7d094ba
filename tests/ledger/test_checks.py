"""Every invariant catches the violation it is for, and nothing else calls out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock, ledger
from randonumber.ledger import Move, checks
from randonumber.ledger.accounts import money_debt, wallet
from randonumber.ledger.invariants import LEDGER_CHECKS
from tests.ledger.books import grant, new_user, pay_in

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.ledger.checks import CheckResult

RAISED = "UPDATE accounts SET balance = balance + 1 WHERE code = :wallet"
NEXT_RUNNING = "UPDATE entries SET destination_balance = 501 WHERE destination_balance = 500"
NO_RUNNING = "UPDATE entries SET destination_balance = NULL WHERE destination_balance = 500"
OTHER_CURRENCY = """
    UPDATE entries SET source_id = (SELECT id FROM accounts WHERE code = 'credits:revoked')
     WHERE destination_balance = 500
"""
OVERDRAFT = """
    WITH planted AS (
        INSERT INTO transactions (kind, ref, size, actor, user_id)
        SELECT 'planted', '1', 1, 'test', user_id FROM accounts WHERE code = :wallet RETURNING id
    )
    INSERT INTO entries (transaction_id, position, source_id, destination_id, currency, amount, source_balance)
    SELECT planted.id, 1, mine.id, sales.id, 'usd', 501, -1
      FROM planted, accounts AS mine, accounts AS sales WHERE mine.code = :wallet AND sales.code = 'sales'
"""


@pytest.fixture
def books(session: Session, user_id: int) -> dict[str, object]:
    """Right books with a bit of everything; then the triggers and keys are switched off."""
    pay_in(session, user_id, 500)
    grant(session, user_id, 3)
    owe = [Move(source=money_debt(user_id), destination="sales", amount=5)]
    ledger.post(session, kind="dispute", ref="1", entries=owe, actor="test", user_id=user_id)
    stranger = new_user(session)
    assert broken(session) == set()
    session.execute(text("SET LOCAL session_replication_role = replica"))
    return {"wallet": wallet(user_id), "stranger": stranger}


def broken(session: Session) -> set[str]:
    """The ids of the ledger's own checks that do not hold."""
    own = {check.id for check in LEDGER_CHECKS}
    return {result.id for result in checks.run(session) if not result.holds} & own


def plant(session: Session, statement: str, names: dict[str, object]) -> None:
    used = {name: value for name, value in names.items() if f":{name}" in statement}
    assert session.execute(text(statement), used).rowcount > 0  # type: ignore[attr-defined]


@pytest.mark.broken_books
@pytest.mark.parametrize(
    ("caught_by", "statement"),
    [
        ({"A01", "A03"}, RAISED),
        ({"A01"}, NEXT_RUNNING),
        ({"A01"}, NO_RUNNING),
        ({"A01"}, "UPDATE entries SET source_balance = 1 WHERE source_balance IS NULL"),
        ({"A01", "A02", "A03"}, OVERDRAFT),
        ({"A04"}, "UPDATE entries SET currency = 'credit' WHERE destination_balance = 500"),
        (
            {"A03", "A04"},
            OTHER_CURRENCY,
        ),
        ({"A05"}, "INSERT INTO transactions (kind, ref, size, actor) VALUES ('empty', '1', 1, 'test')"),
        ({"A05"}, "UPDATE transactions SET size = 2 WHERE kind = 'gift'"),
        ({"A05"}, "UPDATE entries SET transaction_id = transaction_id + 1000 WHERE destination_balance = 500"),
        ({"A19"}, "UPDATE transactions SET user_id = :stranger WHERE kind = 'grant'"),
        ({"A19"}, "UPDATE transactions SET user_id = NULL WHERE kind = 'gift'"),
    ],
)
def test_a_planted_violation_is_caught(
    session: Session, books: dict[str, object], caught_by: set[str], statement: str
) -> None:
    plant(session, statement, books)
    assert broken(session) == caught_by


@pytest.mark.broken_books
def test_an_account_that_is_closed_while_it_holds_credits_is_caught(session: Session, books: dict[str, object]) -> None:
    session.execute(text("ALTER TABLE accounts DROP CONSTRAINT accounts_open_check"))
    plant(session, "UPDATE accounts SET is_open = false WHERE kind = 'lot'", books)
    assert broken(session) == {"A01"}


def recent(session: Session) -> CheckResult:
    (result,) = checks.run_recent(session, clock.now() - timedelta(minutes=5))
    return result


@pytest.mark.broken_books
@pytest.mark.parametrize(
    "statement",
    [
        RAISED,
        NEXT_RUNNING,
        NO_RUNNING,
        OVERDRAFT,
    ],
)
def test_the_check_of_every_minute_catches_what_was_touched(
    session: Session, books: dict[str, object], statement: str
) -> None:
    assert recent(session).holds
    plant(session, statement, books)
    assert not recent(session).holds


@pytest.mark.broken_books
def test_a_step_that_does_not_follow_from_the_one_before_is_caught(
    session: Session, books: dict[str, object], user_id: int
) -> None:
    plant(session, "UPDATE entries SET destination_balance = 499 WHERE destination_balance = 500", books)
    plant(session, "UPDATE accounts SET balance = 499 WHERE code = :wallet", books)
    session.execute(text("SET LOCAL session_replication_role = origin"))
    pay_in(session, user_id, 1)
    assert recent(session).holds, "a chain that is right in itself: the full check is there for its beginning"
    session.execute(text("SET LOCAL session_replication_role = replica"))
    plant(session, "UPDATE entries SET destination_balance = 499 WHERE amount = 500", books)
    plant(session, "UPDATE entries SET destination_balance = 501 WHERE amount = 1", books)
    plant(session, "UPDATE accounts SET balance = 501 WHERE code = :wallet", books)
    assert not recent(session).holds


def test_the_recent_check_leaves_older_books_alone(session: Session, user_id: int) -> None:
    pay_in(session, user_id, 500)
    (result,) = checks.run_recent(session, clock.now() + timedelta(minutes=1))
    assert result.holds


def test_samples_show_what_is_wrong(session: Session) -> None:
    checks.register(checks.Check(id="A99", title="planted", sql="SELECT n FROM generate_series(1, 7) AS n"))
    try:
        (result,) = [result for result in checks.run(session) if result.id == "A99"]
    finally:
        checks.forget("A99")
    assert result.count == 7
    assert result.samples == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}, {"n": 5}]


@pytest.mark.parametrize("name", ["A1", "B01", "A01'", ""])
def test_a_check_has_a_proper_id(name: str) -> None:
    with pytest.raises(ValueError, match="id of a check"):
        checks.Check(id=name, title="x", sql="SELECT 1")


def test_a_check_does_not_take_the_id_of_another(committed: Flask) -> None:
    taken = checks.Check(id="L05", title="planted", sql="SELECT 1")
    with pytest.raises(ValueError, match="L05 is taken"):
        checks.register(taken)
