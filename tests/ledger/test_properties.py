"""Whatever is posted in whatever order, every invariant holds and the books agree with a model kept beside them."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from randonumber import ledger
from randonumber.ledger import Move, Overdrawn, checks, queries
from randonumber.ledger.accounts import credit_debt, money_debt, wallet, wallet_pending
from tests.ledger.books import balance, grant, new_user, pay_in
from tests.ledger.spend import spend

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MONEY = ("wallet", "pending", "debt", "bank", "sales", "stripe:balance", "unmatched")
moves = st.lists(
    st.tuples(st.sampled_from(MONEY), st.sampled_from(MONEY), st.integers(min_value=1, max_value=400)).filter(
        lambda move: move[0] != move[1]
    ),
    min_size=1,
    max_size=4,
)
amounts = st.lists(st.integers(min_value=1, max_value=9), max_size=8)
once = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def own(name: str, user_id: int) -> str:
    codes = {"wallet": wallet(user_id), "pending": wallet_pending(user_id), "debt": money_debt(user_id)}
    return codes.get(name, name)


def is_allowed(standing: Counter[str]) -> bool:
    return standing["wallet"] >= 0 and standing["pending"] >= 0 and standing["debt"] <= 0


def assert_right(session: Session) -> None:
    broken = [result for result in checks.run(session, prefix="A0") if not result.holds]
    assert broken == []


@once
@given(transactions=st.lists(moves, max_size=10))
def test_random_postings_of_money(session: Session, transactions: list[list[tuple[str, str, int]]]) -> None:
    """A transaction stands as a whole or not at all, exactly as the model says."""
    user_id = new_user(session)
    before = queries.balances_of_house(session)
    model: Counter[str] = Counter()
    for entries in transactions:
        after = model.copy()
        allowed = True
        for source, destination, amount in entries:
            after[source] -= amount
            after[destination] += amount
            allowed = allowed and is_allowed(after)
        if try_posting(session, user_id, entries):
            model = after
        assert allowed == (model == after)
    for name in ("wallet", "pending", "debt"):
        assert balance(session, own(name, user_id)) == model[name]
    for code, figure in queries.balances_of_house(session).items():
        assert figure - before[code] == model[code]
    assert_right(session)


def try_posting(session: Session, user_id: int, entries: list[tuple[str, str, int]]) -> bool:
    savepoint = session.begin_nested()
    try:
        ledger.post(
            session,
            kind="random",
            ref=secrets.token_hex(8),
            entries=[
                Move(source=own(source, user_id), destination=own(destination, user_id), amount=amount)
                for source, destination, amount in entries
            ],
            actor="test",
            user_id=user_id,
        )
    except Overdrawn:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


# No draw stands behind these spends, which is what the product's own invariant is about.
@pytest.mark.broken_books
@once
@given(granted=amounts, wished=amounts)
def test_credits_are_spent_or_left(session: Session, granted: list[int], wished: list[int]) -> None:
    """granted = spent + left, whatever is asked for; a spend that would take more takes nothing."""
    user_id = new_user(session)
    for credits_ in granted:
        grant(session, user_id, credits_)
    left = sum(granted)
    for amount in wished:
        spent = spend(session, user_id, amount)
        assert spent.before == left
        assert (spent.transaction_id is not None) == (amount <= left)
        left -= amount if spent.transaction_id is not None else 0
    assert queries.credits_left(session, user_id) == left
    assert_right(session)


@once
@given(amount=st.integers(min_value=1, max_value=2**62), times=st.integers(min_value=1, max_value=3))
def test_a_repeated_posting_is_no_second_one(session: Session, amount: int, times: int) -> None:
    user_id = new_user(session)
    owe = [Move(source=credit_debt(user_id), destination="credits:revoked", amount=amount)]
    ref = secrets.token_hex(8)
    for _ in range(times):
        ledger.post(session, kind="random", ref=ref, entries=owe, actor="test", user_id=user_id)
    assert balance(session, credit_debt(user_id)) == -amount


@pytest.mark.parametrize("amount", [2**63, 2**70])
def test_an_amount_beyond_all_measure_is_refused(session: Session, user_id: int, amount: int) -> None:
    savepoint = session.begin_nested()
    with pytest.raises(Exception, match="out of range"):
        pay_in(session, user_id, amount)
    savepoint.rollback()


def test_a_balance_beyond_all_measure_is_refused(session: Session, user_id: int) -> None:
    pay_in(session, user_id, 2**63 - 1)
    savepoint = session.begin_nested()
    with pytest.raises(Exception, match="out of range"):
        pay_in(session, user_id, 1)
    savepoint.rollback()
