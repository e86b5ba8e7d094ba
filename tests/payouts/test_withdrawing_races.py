"""Many at once: one wins, the destination stays, and no order of what happens leaves money twice or below zero."""

from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import text

from randonumber.api.rates import Rates
from randonumber.database import transaction
from randonumber.errors import AppError
from randonumber.ledger import Move, accounts, post
from randonumber.payouts.service.accounts import lock_current
from randonumber.payouts.service.withdrawals import booking
from randonumber.payouts.service.withdrawals.requesting import Asker, hold, send
from tests.credits.test_races import wait_until_somebody_waits
from tests.payouts.withdrawers import agreed, bring_funds, count, express, fill, house, make_withdrawer, stored
from tests.people import bearer, csrf_token, make_key, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.payouts.conftest import Settings
    from tests.payouts.withdrawers import Withdrawer

TABS: Final = 8
ROUNDS: Final = int(os.environ.get("EIGHT_TABS_ROUNDS", "10"))
"""`python -m tests.payouts.eight_tabs --rounds 200` sets it."""


def at_once(app: Flask, tasks: list[Callable[[], object]]) -> list[object]:
    """Run the tasks at once, each as another request; return what each returned or was refused with."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        with app.app_context():
            start.wait()
            try:
                return task()
            except AppError as refusal:
                return refusal

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run, tasks))


@pytest.mark.pain(17)
def test_eight_tabs_withdraw_the_whole_wallet_and_one_gets_it(
    withdrawer: Withdrawer, committed: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings["withdrawals_per_day"] = ROUNDS + 1
    bring_funds(withdrawer.sandbox, 5000 * ROUNDS)
    monkeypatch.setitem(committed.extensions, "api_rates", Rates("1000000/second", None, workers=1))
    browser = committed.test_client()
    sign_in(browser, withdrawer.person)
    token = csrf_token(browser, "/wallet")
    key = make_key(withdrawer.person, ("withdraw",))
    session_cookie = browser.get_cookie("session")
    assert session_cookie is not None
    tabs = [committed.test_client() for _ in range(TABS)]
    for tab in tabs:
        tab.set_cookie("session", session_cookie.value)
    start = threading.Barrier(TABS)

    def withdraw(number: int, times: int) -> int:
        start.wait()
        if number % 2:
            return tabs[number].post("/api/v1/withdrawals", json={"amount": "all"}, headers=bearer(key)).status_code
        fields = {"csrf_token": token, "all": "1", "form_ref": f"round-{times:04}-{number}"}
        return tabs[number].post("/wallet/withdrawals", data=fields).status_code

    won = Counter[str]()
    with ThreadPoolExecutor(TABS) as pool:
        for times in range(ROUNDS):
            if times:
                withdrawer.fill(5000, at_stripe=False)
            answers = Counter(pool.map(withdraw, range(TABS), [times] * TABS))
            held = answers[303] + answers[201]
            refused = answers[422] + answers[409]
            assert (held, refused) == (1, TABS - 1), (times, answers)
            assert (withdrawer.left, count("withdrawals")) == (0, times + 1)
            won["page" if answers[303] else "api"] += 1
    withdrawer.run(early=True)
    assert (withdrawer.received(), house("withdrawals:in_transit")) == (5000 * ROUNDS, 0)
    assert len(withdrawer.sandbox.sent("POST /v1/transfers")) == ROUNDS


@pytest.mark.parametrize("number", [2, 8])
def test_the_same_form_at_once_is_one_withdrawal(withdrawer: Withdrawer, committed: Flask, number: int) -> None:
    answers = at_once(committed, [lambda: withdrawer.withdraw(1000)] * number)
    assert (len(set(answers)), count("withdrawals"), withdrawer.left) == (1, 1, 4000)
    withdrawer.run(early=True)
    assert withdrawer.received() == 1000


def test_no_more_than_so_many_a_day_also_at_once(withdrawer: Withdrawer, committed: Flask, settings: Settings) -> None:
    settings["withdrawals_per_day"] = 2
    tasks: list[Callable[[], object]] = [partial(withdrawer.withdraw, 1000, f"form-{n:04}") for n in range(5)]
    answers = at_once(committed, tasks)
    assert sum(isinstance(answer, str) for answer in answers) == 2
    assert (count("withdrawals"), withdrawer.left) == (2, 3000)


def test_a_cancel_and_the_sending_at_once_end_in_one_of_both(withdrawer: Withdrawer, committed: Flask) -> None:
    for number in range(5):
        asker = Asker(user_id=withdrawer.person.id, actor="test", is_fresh=True)
        with transaction() as session:
            ref = hold(session, asker, 1000, look=None, form_ref=f"form-{number:04}").ref
        at_once(committed, [lambda ref=ref: withdrawer.cancel(ref), lambda ref=ref: send(ref)])  # type: ignore[misc]
        withdrawer.run(early=True)
        assert stored(ref).status in {"paid", "canceled"}
        assert len([one for one in withdrawer.transfers() if one.transfer_group == ref]) == (
            stored(ref).status == "paid"
        )
        with transaction() as session:
            session.execute(text("UPDATE withdrawals SET created_at = created_at - interval '1 day'"))
    assert withdrawer.left + withdrawer.received() == 5000
    agreed()


def test_an_account_that_is_changed_at_once_does_not_change_where_the_money_goes(
    withdrawer: Withdrawer, committed: Flask
) -> None:
    other = express(withdrawer.sandbox)
    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            row = lock_current(session, withdrawer.person.id)
            assert row is not None
            second = thread.submit(at_once, committed, [lambda: withdrawer.withdraw(2000)])
            wait_until_somebody_waits()
            row.stripe_account_id = other
        [ref] = second.result()
    assert isinstance(ref, str)
    assert stored(ref).stripe_account_id == other, "asked for after the change"
    with transaction() as session:
        session.execute(text("UPDATE payout_accounts SET stripe_account_id = :acct"), {"acct": withdrawer.account})
    withdrawer.run(early=True)
    assert (stored(ref).stripe_account_id, withdrawer.received()) == (other, 0)


def test_a_debt_that_comes_first_bars(withdrawer: Withdrawer, committed: Flask) -> None:
    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            booking.lock_money(session, withdrawer.person.id)
            second = thread.submit(at_once, committed, [lambda: withdrawer.withdraw(2000)])
            wait_until_somebody_waits()
            take(session, withdrawer, from_wallet=5000, as_debt=300)
        [answer] = second.result()
    assert isinstance(answer, AppError)
    assert [reason["code"] for reason in answer.extra["reasons"]] == ["insufficient_funds", "debt"]
    assert (withdrawer.left, withdrawer.stands.debt_usd, count("withdrawals")) == (0, 300, 0)


def test_a_debt_that_comes_second_finds_what_is_left_and_the_rest_is_owed(withdrawer: Withdrawer) -> None:
    ref = withdrawer.withdraw(4000)
    with transaction() as session:
        stands = booking.lock_money(session, withdrawer.person.id)
        take(session, withdrawer, from_wallet=stands.available, as_debt=5300 - stands.available)
    assert (withdrawer.left, withdrawer.stands.debt_usd, stored(ref).status) == (0, 4300, "paid")


def test_two_people_at_once_do_not_wait_for_each_other(withdrawer: Withdrawer, committed: Flask) -> None:
    other = make_withdrawer(withdrawer.sandbox, withdrawer.deliver, withdrawer.run, 5000)
    with transaction() as session:
        lock_current(session, withdrawer.person.id)
        booking.lock_money(session, withdrawer.person.id)
        with ThreadPoolExecutor(1) as thread:
            [ref] = thread.submit(at_once, committed, [lambda: other.withdraw(2000)]).result(timeout=20)
    assert isinstance(ref, str)
    fill(withdrawer.person, 1)
    assert stored(ref).status == "paid"


def take(session: Session, withdrawer: Withdrawer, *, from_wallet: int, as_debt: int) -> None:
    """Take money back, as a refund or a dispute of a top-up does."""
    moves = [
        Move(source=accounts.wallet(withdrawer.person.id), destination=accounts.OPENING, amount=from_wallet),
        Move(source=accounts.money_debt(withdrawer.person.id), destination=accounts.OPENING, amount=as_debt),
    ]
    entries = [move for move in moves if move.amount]
    post(session, kind="opening", ref="taken", entries=entries, actor="test", user_id=withdrawer.person.id)
