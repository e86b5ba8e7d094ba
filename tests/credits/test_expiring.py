"""Credits whose time is over: never spent, booked once, and never at the cost of what was paid for."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.credits import lot_jobs
from randonumber.credits.service import expiring
from randonumber.database import driver_connection, transaction
from randonumber.errors import InsufficientCredits
from randonumber.ledger import LotPriority, checks, queries
from randonumber.numbers import service as numbers
from randonumber.numbers.service import UserPays
from randonumber.numbers.wishes import Integers
from tests.credits.conftest import FREE_CREDITS, Buyer, count
from tests.credits.test_races import wait_until_somebody_waits
from tests.ledger.books import balance, grant

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask
    from sqlalchemy.orm import Session

LATER: Final = timedelta(days=8)


def lot(buyer: Buyer, credits_: int, *, days: int | None = 7, priority: LotPriority = LotPriority.PROMOTIONAL) -> str:
    """Give the buyer a lot that ends after some days, and return its code."""
    expires_at = clock.now() + timedelta(days=days) if days is not None else None
    with transaction() as session:
        return grant(session, buyer.person.id, credits_, priority=priority, expires_at=expires_at)


def spend(session: Session, buyer: Buyer, credits_: int) -> bool:
    """Draw that many numbers; False when the credits do not suffice."""
    payer = UserPays(user_id=buyer.person.id, actor=f"user:{buyer.person.ref}")
    try:
        numbers.draw(driver_connection(session), payer, Integers(minimum=0, maximum=9, n=credits_))
    except InsufficientCredits:
        return False
    return True


def left(code: str) -> int:
    with transaction() as session:
        return balance(session, code)


def let_expire(code: str, at: datetime | None = None) -> None:
    """Let a lot's time be over already, which only a test may do."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        moment = at or clock.now() - timedelta(minutes=1)
        session.execute(text("UPDATE accounts SET expires_at = :at WHERE code = :code"), {"at": moment, "code": code})


@pytest.mark.pain(11)
def test_what_has_expired_is_neither_counted_nor_spent_before_it_is_booked(buyer: Buyer) -> None:
    lot(buyer, 5)
    assert buyer.credits == FREE_CREDITS + 5
    with clock.frozen(clock.now() + LATER):
        assert buyer.credits == FREE_CREDITS
        with transaction() as session:
            assert not spend(session, buyer, FREE_CREDITS + 1)
            assert [one.left for one in queries.open_lots(session, buyer.person.id)] == [FREE_CREDITS]


@pytest.mark.pain(11)
def test_expiry_takes_what_is_left_of_its_lot_once_and_nothing_that_was_paid_for(buyer: Buyer) -> None:
    ending = lot(buyer, 5)
    paid = lot(buyer, 10, days=None, priority=LotPriority.PAID)
    with transaction() as session:
        spend(session, buyer, 2)
    assert left(ending) == 3, "what ends first is spent first"
    with clock.frozen(clock.now() + LATER):
        assert lot_jobs.expire_due() == 1
        assert lot_jobs.expire_due() == 0
        assert (left(ending), left(paid), buyer.credits) == (0, 10, FREE_CREDITS + 10)
    with transaction() as session:
        row = session.execute(
            text("""
                SELECT transactions.ref, actor, amount, accounts.lot_ref, destination.code AS went_to
                  FROM transactions JOIN entries ON transaction_id = transactions.id
                  JOIN accounts ON accounts.id = source_id
                  JOIN accounts AS destination ON destination.id = destination_id
                 WHERE transactions.kind = 'expiry'
            """)
        ).one()
    assert (row.ref, row.amount, row.went_to, row.actor) == (row.lot_ref, 3, "credits:expired", expiring.ACTOR)


def test_before_its_time_and_without_an_end_nothing_expires(buyer: Buyer) -> None:
    lot(buyer, 5)
    assert lot_jobs.expire_due() == 0
    with clock.frozen(clock.now() + timedelta(days=6, hours=23)):
        assert lot_jobs.expire_due() == 0
    assert buyer.credits == FREE_CREDITS + 5


def test_the_job_books_it(buyer: Buyer) -> None:
    code = lot(buyer, 5)
    let_expire(code)
    lot_jobs.expire_lots(0)
    assert left(code) == 0


@pytest.mark.pain(11)
def test_a_draw_that_was_first_leaves_expiry_the_rest(buyer: Buyer, committed: Flask) -> None:
    code = lot(buyer, 5)
    now = clock.now()

    def expire() -> int:
        with committed.app_context(), clock.frozen(now + LATER):
            return lot_jobs.expire_due()

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            assert spend(session, buyer, 4)
            waiting = thread.submit(expire)
            wait_until_somebody_waits()
        assert waiting.result() == 1
    assert (left(code), _expired(), buyer.credits) == (0, 1, FREE_CREDITS)


@pytest.mark.pain(11)
def test_a_draw_of_the_last_credit_leaves_nothing_to_expire(buyer: Buyer, committed: Flask) -> None:
    lot(buyer, 5)
    now = clock.now()

    def expire() -> int:
        with committed.app_context(), clock.frozen(now + LATER):
            return lot_jobs.expire_due()

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            assert spend(session, buyer, 5)
            waiting = thread.submit(expire)
            wait_until_somebody_waits()
        assert waiting.result() == 0
    assert count("transactions", "kind = 'expiry'") == 0


@pytest.mark.pain(11)
def test_a_draw_that_waits_for_the_expiry_takes_what_was_paid_for_or_nothing(buyer: Buyer, committed: Flask) -> None:
    code = lot(buyer, 5)
    paid = lot(buyer, 2, days=None, priority=LotPriority.PAID)
    now = clock.now()

    def draw() -> bool:
        with committed.app_context(), transaction() as session:  # by a clock that is behind the worker's
            return spend(session, buyer, 4)

    with ThreadPoolExecutor(1) as thread:
        with clock.frozen(now + LATER), transaction() as session:
            assert expiring.expire_lot(session, _ref(session, code))
            waiting = thread.submit(draw)
            wait_until_somebody_waits()
        assert waiting.result()
    assert (left(code), left(paid), buyer.credits) == (0, 1, 1)


def test_two_workers_book_it_once(buyer: Buyer, committed: Flask) -> None:
    for _ in range(5):
        let_expire(lot(buyer, 1))

    def expire(_: int) -> int:
        with committed.app_context():
            return lot_jobs.expire_due()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(expire, range(4))) == 5
    assert (buyer.credits, _expired()) == (FREE_CREDITS, 5)


def test_more_lots_than_one_batch_are_all_booked_also_beside_one_that_cannot_be(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lot_jobs, "AT_ONCE", 2)
    codes = [lot(buyer, 1) for _ in range(5)]
    for code in codes:
        let_expire(code)
    expire_lot = expiring.expire_lot
    with transaction() as session:
        stuck = _ref(session, codes[0])

    def expire(session: Session, ref: str) -> bool:
        if ref == stuck:
            raise RuntimeError(ref)
        return expire_lot(session, ref)

    monkeypatch.setattr(expiring, "expire_lot", expire)
    assert lot_jobs.expire_due() == 4
    assert _expired() == 4


@pytest.mark.pain(11)
@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::24])
def test_promotional_credits_go_first_then_the_soonest_to_end_then_the_oldest(
    buyer: Buyer, order: tuple[int, ...]
) -> None:
    """Whatever the order in which the lots came; `order` begins with each kind once."""
    kinds = [
        (LotPriority.PROMOTIONAL, 2),
        (LotPriority.PROMOTIONAL, 9),
        (LotPriority.PROMOTIONAL, None),
        (LotPriority.PAID, 1),
        (LotPriority.PAID, None),
    ]
    with transaction() as session:
        spend(session, buyer, FREE_CREDITS)
    codes = {number: lot(buyer, 1, days=kinds[number][1], priority=kinds[number][0]) for number in order}
    gone: list[int] = []
    for _ in kinds:
        with transaction() as session:
            spend(session, buyer, 1)
        gone.append(next(number for number in codes if number not in gone and left(codes[number]) == 0))
    assert gone == [0, 1, 2, 3, 4]


@pytest.mark.broken_books
def test_a_lot_that_nobody_books_is_named_by_the_check(buyer: Buyer) -> None:
    code = lot(buyer, 5)
    let_expire(code, clock.now() - timedelta(minutes=9))
    assert _late() == 0
    let_expire(code, clock.now() - timedelta(minutes=11))
    assert _late() == 1


def _late() -> int:
    with transaction() as session:
        [check] = checks.run(session, prefix="L08")
    return check.count


def _expired() -> int:
    with transaction() as session:
        found: int = session.execute(
            text("""
                SELECT coalesce(sum(amount), 0) FROM entries
                  JOIN transactions ON transactions.id = transaction_id WHERE kind = 'expiry'
            """)
        ).scalar_one()
        return int(found)


def _ref(session: Session, code: str) -> str:
    ref: str = session.execute(text("SELECT lot_ref FROM accounts WHERE code = :code"), {"code": code}).scalar_one()
    return ref
