"""Several at once: one transaction per fact, no deadlock, no balance below zero."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pytest

from randonumber import ledger
from randonumber.database import transaction
from randonumber.ledger import Move, Overdrawn, Posted, PostingConflict
from randonumber.ledger.accounts import wallet, wallet_pending
from tests.ledger.books import balance, grant, new_user, pay_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

Found = TypeVar("Found")
THREADS = 8


def at_once(app: Flask, count: int, work: Callable[[Session, int], Found]) -> list[Found]:
    gate = threading.Barrier(count)

    def one(number: int) -> Found:
        gate.wait(timeout=30)
        with app.app_context(), transaction() as session:
            return work(session, number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.fixture
def user_id(committed: Flask) -> int:
    """A committed user with 1,000 cents."""
    with transaction() as session:
        user_id = new_user(session)
        pay_in(session, user_id, 1000)
    return user_id


def test_one_fact_from_many_threads_is_written_once(committed: Flask, user_id: int) -> None:
    move = Move(source=wallet(user_id), destination="sales", amount=900)

    def buy(session: Session, _: int) -> Posted:
        return ledger.post(session, kind="buy", ref="1", entries=[move], actor="test", user_id=user_id)

    found = at_once(committed, THREADS, buy)
    assert sum(posted.created for posted in found) == 1
    assert len({posted.transaction_id for posted in found}) == 1
    with transaction() as session:
        assert balance(session, wallet(user_id)) == 100


def test_one_fact_between_house_accounts_is_written_once(committed: Flask) -> None:
    """They are not locked: whoever comes second waits at the key of the fact."""
    move = Move(source="stripe:balance", destination="sales", amount=900)

    def sell(session: Session, _: int) -> Posted:
        return ledger.post(session, kind="sale", ref="1", entries=[move], actor="test")

    found = at_once(committed, THREADS, sell)
    assert sum(posted.created for posted in found) == 1


def test_one_ref_with_two_contents_at_once_leaves_one(committed: Flask, user_id: int) -> None:
    def buy(session: Session, number: int) -> int:
        move = Move(source=wallet(user_id), destination="sales", amount=1 + number)
        try:
            ledger.post(session, kind="buy", ref="1", entries=[move], actor="test", user_id=user_id)
        except PostingConflict:
            return 0
        return move.amount

    found = at_once(committed, THREADS, buy)
    assert sum(amount > 0 for amount in found) == 1
    with transaction() as session:
        assert balance(session, wallet(user_id)) == 1000 - max(found)


def test_crossing_accounts_do_not_deadlock(committed: Flask, user_id: int) -> None:
    """Half go from the wallet to pending, half back, and all touch a lot too: locks are taken in one order."""
    one, two = wallet(user_id), wallet_pending(user_id)
    with transaction() as session:
        pay_in(session, user_id, 1000, account=two)
        lot = grant(session, user_id, 1000)

    def cross(session: Session, number: int) -> bool:
        pair = (one, two) if number % 2 else (two, one)
        moves = [
            Move(source=pair[0], destination=pair[1], amount=1),
            Move(source=lot, destination="credits:consumed", amount=1),
        ]
        entries = moves if number % 4 < 2 else moves[::-1]
        created = False
        for _ in range(5):
            ref = secrets.token_hex(8)
            created = ledger.post(
                session, kind="cross", ref=ref, entries=entries, actor="test", user_id=user_id
            ).created
        return created

    assert all(at_once(committed, THREADS, cross))
    with transaction() as session:
        assert balance(session, one) + balance(session, two) == 2000
        assert balance(session, lot) == 1000 - THREADS * 5


@pytest.mark.pain(9)
def test_a_wallet_is_emptied_once(committed: Flask, user_id: int) -> None:
    def empty(session: Session, number: int) -> bool:
        move = Move(source=wallet(user_id), destination="bank", amount=1000)
        try:
            ledger.post(session, kind="out", ref=str(number), entries=[move], actor="test", user_id=user_id)
        except Overdrawn:
            session.rollback()
            return False
        return True

    assert sum(at_once(committed, THREADS, empty)) == 1
    with transaction() as session:
        assert balance(session, wallet(user_id)) == 0


def test_opening_the_same_accounts_at_once_is_harmless(committed: Flask) -> None:
    with transaction() as session:
        user_id = new_user(session)
    at_once(committed, THREADS, lambda session, _: ledger.open_user_accounts(session, user_id))
