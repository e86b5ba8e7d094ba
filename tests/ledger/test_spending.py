"""Credits are spent in one order, never twice, and never below zero."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock, ledger
from randonumber.database import transaction
from randonumber.ledger import LotPriority, Move, checks, queries
from randonumber.ledger.accounts import credit_debt
from tests.ledger.books import balance, grant, new_user
from tests.ledger.spend import Spent, spend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy.orm import Session

# No draw stands behind these spends, which is what the product's own invariant is about; the ledger's must hold.
pytestmark = pytest.mark.broken_books
SOON, LATER = timedelta(days=1), timedelta(days=30)


@pytest.fixture(autouse=True)
def right_books(session: Session) -> Iterator[None]:
    """The ledger's own invariants hold after each test."""
    yield
    assert_right(session)


def assert_right(session: Session) -> None:
    broken = [result for result in checks.run(session, prefix="A") if not result.holds]
    assert {result.id for result in broken} <= {"A17"}, broken


def amounts(session: Session, spent: Spent) -> list[tuple[str, int]]:
    rows = session.execute(
        text(
            "SELECT code, amount FROM entries JOIN accounts ON accounts.id = source_id"
            " WHERE transaction_id = :id ORDER BY position"
        ),
        {"id": spent.transaction_id},
    )
    return [(row.code, row.amount) for row in rows]


def test_promotional_first_then_soonest_expiry_then_oldest(session: Session, user_id: int) -> None:
    now = clock.now()
    paid_soon = grant(session, user_id, 1, priority=LotPriority.PAID, expires_at=now + SOON)
    paid_old = grant(session, user_id, 1, priority=LotPriority.PAID)
    paid_new = grant(session, user_id, 1, priority=LotPriority.PAID)
    promo_never = grant(session, user_id, 1)
    promo_later = grant(session, user_id, 1, expires_at=now + LATER)
    promo_soon = grant(session, user_id, 1, expires_at=now + SOON)
    order = [amounts(session, spend(session, user_id, 1))[0][0] for _ in range(6)]
    assert order == [promo_soon, promo_later, promo_never, paid_soon, paid_old, paid_new]
    assert spend(session, user_id, 1).transaction_id is None


def test_one_spend_takes_from_as_many_lots_as_it_needs(session: Session, user_id: int) -> None:
    first, second, third = (grant(session, user_id, credits_) for credits_ in (2, 3, 5))
    spent = spend(session, user_id, 6)
    assert amounts(session, spent) == [(first, 2), (second, 3), (third, 1)]
    assert spent.before == 10
    assert balance(session, third) == 4
    assert queries.credits_left(session, user_id) == 4


def test_the_credits_before_count_lots_that_the_spend_did_not_need(session: Session, user_id: int) -> None:
    for credits_ in (5, 7, 11):
        grant(session, user_id, credits_)
    assert spend(session, user_id, 1).before == 23
    assert spend(session, user_id, 30) == Spent(transaction_id=None, before=22)


def test_an_expired_lot_is_never_spent(session: Session, user_id: int) -> None:
    grant(session, user_id, 5, expires_at=clock.now() - timedelta(seconds=1))
    good = grant(session, user_id, 2)
    spent = spend(session, user_id, 1)
    assert amounts(session, spent) == [(good, 1)]
    assert spent.before == 2
    assert spend(session, user_id, 2).transaction_id is None
    assert queries.credits_left(session, user_id) == 1


def test_nobody_spends_without_credits(session: Session, user_id: int) -> None:
    assert spend(session, user_id, 1) == Spent(transaction_id=None, before=0)


def test_nobody_spends_somebody_elses_credits(session: Session, user_id: int) -> None:
    stranger = new_user(session)
    grant(session, stranger, 5)
    assert spend(session, user_id, 1).transaction_id is None


def test_a_debt_bars_spending(session: Session, user_id: int) -> None:
    grant(session, user_id, 5)
    owe = [Move(source=credit_debt(user_id), destination="credits:revoked", amount=1)]
    ledger.post(session, kind="revoke", ref="1", entries=owe, actor="test", user_id=user_id)
    assert spend(session, user_id, 1) == Spent(transaction_id=None, before=5)


@pytest.mark.pain(10)
def test_the_last_credit_is_spent_once(committed: Flask) -> None:
    """32 threads, one credit: one spends it, 31 find nothing."""
    with transaction() as session:
        user_id = new_user(session)
        grant(session, user_id, 1)
    found = at_once(committed, 32, lambda session: spend(session, user_id, 1))
    assert sum(spent.transaction_id is not None for spent in found) == 1
    assert_right_in_the_end(user_id, 0)


def test_every_credit_of_many_small_lots_is_spent_and_none_twice(committed: Flask) -> None:
    """Lots run empty under those who wait for them: whoever finds too few looks again, at all of them."""
    with transaction() as session:
        user_id = new_user(session)
        for credits_ in (1, 2, 3, 4, 5, 6, 7, 12):
            grant(session, user_id, credits_)
    found = at_once(committed, 24, lambda session: spend(session, user_id, 2))
    assert sum(spent.transaction_id is not None for spent in found) == 20
    assert_right_in_the_end(user_id, 0)


@pytest.mark.pain(9)
def test_the_credits_before_are_counted_after_waiting(committed: Flask) -> None:
    """Each of those who wait tells another figure, and nobody counts a lot that ran empty meanwhile."""
    with transaction() as session:
        user_id = new_user(session)
        for _ in range(12):
            grant(session, user_id, 1)
    found = at_once(committed, 12, lambda session: spend(session, user_id, 1))
    assert sorted(spent.before for spent in found) == list(range(1, 13))
    assert_right_in_the_end(user_id, 0)


def at_once(app: Flask, threads: int, work: object) -> list[Spent]:
    """Let so many threads spend at the same moment, each in a transaction of its own."""
    gate = threading.Barrier(threads)
    slots = threading.Semaphore(10)  # the pool has a dozen connections

    def one(_: int) -> Spent:
        gate.wait(timeout=30)
        with app.app_context(), slots, transaction() as session:
            return work(session)  # type: ignore[operator,no-any-return]

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def assert_right_in_the_end(user_id: int, left: int) -> None:
    with transaction() as session:
        assert queries.credits_left(session, user_id) == left
        assert_right(session)
