"""Refunds at once with themselves, with draws and with disputes: whoever is first decides, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from randonumber.credits.models import RefundOrigin
from randonumber.credits.service import refunds
from randonumber.credits.service.refunds import NotRefundable, asking, booking
from randonumber.credits.service.reversing import lock_credits
from randonumber.credits.service.sessions import lock_purchase
from randonumber.database import driver_connection, transaction
from randonumber.errors import AppError, InsufficientCredits
from randonumber.numbers.service import UserPays, draw
from randonumber.numbers.wishes import Integers
from tests.credits.bank import Bank
from tests.credits.conftest import Buyer, count, stored
from tests.credits.refunding import CREATE, Shop, agreed, as_person, draw_credits, figures, refund, refunds_of
from tests.credits.test_races import wait_until_somebody_waits
from tests.people import make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


def at_once(app: Flask, tasks: list[Callable[[], object]]) -> list[object]:
    """Run the tasks at once, each as another request; return what each returned or raised."""

    def run(task: Callable[[], object]) -> object:
        with app.app_context():
            try:
                return task()
            except AppError as refusal:
                return refusal

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run, tasks))


@pytest.mark.pain(4)
@pytest.mark.parametrize("number", [2, 10])
def test_equal_submits_at_once_make_one_refund(shop: Shop, committed: Flask, number: int) -> None:
    ref = shop.buy(10)
    answers = at_once(committed, [lambda: shop.give_back(ref).ref] * number)
    assert set(answers) == {refund(ref).ref}
    shop.deliver()
    assert (figures(ref), count("stripe_calls", "operation = 'refund.create'")) == (("refunded", 900, 10), 1)
    assert len(shop.sandbox.client.v1.refunds.list().data) == 1
    agreed()


@pytest.mark.parametrize("number", [2, 10])
def test_different_forms_at_once_make_one_refund(shop: Shop, committed: Flask, number: int) -> None:
    ref = shop.buy(10)
    forms = [f"back-{index:04}" for index in range(number)]
    answers = at_once(committed, [lambda form=form: shop.give_back(ref, form) for form in forms])  # type: ignore[misc]
    assert sum(isinstance(answer, NotRefundable) for answer in answers) == number - 1
    shop.deliver()
    assert (figures(ref), len(refunds_of(ref))) == (("refunded", 900, 10), 1)
    agreed()


def test_no_more_than_so_many_a_month_also_at_once(shop: Shop, committed: Flask) -> None:
    bought = [shop.buy(1, form_ref=f"form-{index:04}") for index in range(5)]
    answers = at_once(committed, [lambda ref=ref: shop.give_back(ref, f"back-{ref[4:20]}") for ref in bought])  # type: ignore[misc]
    refused = [answer for answer in answers if isinstance(answer, NotRefundable)]
    assert [reason.code for answer in refused for reason in answer.reasons] == ["too_many", "too_many"]
    assert count("refunds") == 3


@pytest.mark.pain(8)
def test_a_draw_that_comes_first_is_kept_out_of_the_refund(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(100)

    def give_back() -> refunds.Asked:
        with committed.app_context():
            return shop.give_back(ref)

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            payer = UserPays(user_id=shop.buyer.person.id, actor="test")
            draw(driver_connection(session), payer, Integers(minimum=1, maximum=6, n=10))
            asked = thread.submit(give_back)
            wait_until_somebody_waits()
        found = asked.result()
    assert (found.amount_minor, found.credits) == (6100, 90)
    shop.deliver()
    agreed()


@pytest.mark.pain(8)
def test_a_draw_that_comes_second_finds_nothing(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            purchase = lock_purchase(session, ref)
            standing = lock_credits(session, purchase)
            row = asking._new(purchase, RefundOrigin.BUYER, 900, "test")
            session.add(row)
            taken = booking.take_unspent(session, purchase, row, standing)
            asking._send(session, purchase, row, taken)
            second = thread.submit(at_once, committed, [lambda: draw_credits(shop.buyer.person, 1)])
            wait_until_somebody_waits()
        [answer] = second.result()
    assert isinstance(answer, InsufficientCredits)
    assert figures(ref) == ("refunded", 900, 10)


@pytest.mark.pain(8)
def test_draws_and_a_refund_at_once_never_part_with_more_than_was_bought(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    tasks: list[Callable[[], object]] = [lambda: draw_credits(shop.buyer.person, 1)] * 6
    tasks.insert(3, lambda: shop.give_back(ref))
    answers = at_once(committed, tasks)
    drawn = 6 - sum(isinstance(answer, InsufficientCredits) for answer in answers)
    row = refund(ref)
    assert (row.credits, shop.credits, shop.owed) == (10 - drawn, 0, 0)
    assert row.amount_minor == min(row.credits * 90, 900 - drawn * 100)
    shop.deliver()
    agreed()


@pytest.mark.pain(14)
def test_a_refund_and_a_dispute_at_once_take_the_credits_once(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    shop.draw(4)
    bank = Bank(sandbox=shop.sandbox)

    def dispute() -> None:
        bank.disputes(stored(ref).payment_id or "")
        shop.deliver()

    at_once(committed, [lambda: shop.give_back(ref), dispute])
    shop.deliver()
    purchase = stored(ref)
    assert (purchase.status, purchase.revoked_credits, shop.credits, shop.owed) == ("disputed", 10, 0, 4)
    agreed()


def test_an_operator_and_a_buyer_at_once_never_give_back_more_than_was_paid(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    at_once(committed, [lambda: shop.give_back(ref), lambda: shop.operator(ref, 400)] * 2)
    shop.deliver()
    assert stored(ref).refunded_minor <= 900
    assert shop.credits == 0 or shop.owed == 0
    agreed()


def test_two_buyers_at_once_do_not_wait_for_each_other(shop: Shop, committed: Flask) -> None:
    other = Shop(buyer=Buyer(person=make_user()), sandbox=shop.sandbox, deliver=shop.deliver, run=shop.run)
    mine, theirs = shop.buy(10), other.buy(10)
    with transaction() as session:
        lock_purchase(session, mine)
        with ThreadPoolExecutor(1) as thread:

            def give_back() -> str:
                with committed.app_context():
                    return refunds.refund_for_buyer(as_person(other.buyer), theirs, "back-0001").status

            assert thread.submit(give_back).result(timeout=20) == "succeeded"
    assert len(shop.sandbox.sent(CREATE)) == 1
