"""The mail that few credits are left: once for each lot that was bought, to whoever wants it, by a job alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.auth import accounts as people
from randonumber.auth.models import User
from randonumber.credits import lot_jobs
from randonumber.credits.service import grant, low_balance, refunds, revoke
from randonumber.database import transaction
from tests.credits.conftest import FREE_CREDITS, Buyer, count
from tests.credits.refunding import draw_credits
from tests.credits.test_wallet_buying import buy
from tests.credits.wallets import fill
from tests.people import make_user, sign_in, submit

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def customer(committed: Flask) -> Buyer:
    """Somebody with a full wallet and no free credits."""
    made = Buyer(person=make_user())
    fill(made, 1_000_000)
    with transaction() as session:
        revoke(session, user_id=made.person.id, credits_=FREE_CREDITS, reason="a test", actor="test")
    return made


def mails() -> list[tuple[str, str]]:
    with transaction() as session:
        query = text("SELECT subject, text_body FROM mail_messages WHERE template = 'low_balance' ORDER BY id")
        return [(row.subject, row.text_body) for row in session.execute(query)]


@pytest.mark.parametrize(("bought", "low_at"), [(1, 0), (10, 1), (25, 2), (100, 10)])
def test_a_tenth_of_the_last_purchase_is_low(customer: Buyer, bought: int, low_at: int) -> None:
    buy(customer, bought)
    if bought - low_at > 1:
        draw_credits(customer.person, bought - low_at - 1)
    assert low_balance.tell_recent() == 0
    draw_credits(customer.person, min(bought, 1))
    assert low_balance.tell_recent() == 1
    [(subject, words)] = mails()
    assert ("used up" in subject) if low_at == 0 else (f"{low_at} credit" in subject)
    assert "/credits" in words
    assert "/account#mails" in words


def test_it_comes_once_until_more_is_bought(customer: Buyer) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 9)
    assert [low_balance.tell_recent() for _ in range(3)] == [1, 0, 0]
    draw_credits(customer.person, 1)
    assert low_balance.tell(since=None) == 0
    with transaction() as session:
        grant(session, user_id=customer.person.id, credits_=1, reason="sorry", actor="operator:ann")
    draw_credits(customer.person, 1)
    assert low_balance.tell_recent() == 0, "a gift is no purchase"
    buy(customer, 10, "form-0002")
    assert low_balance.tell_recent() == 0
    draw_credits(customer.person, 10)
    assert low_balance.tell_recent() == 1
    assert len(mails()) == 2


def test_other_credits_count_too(customer: Buyer) -> None:
    buy(customer, 10)
    with transaction() as session:
        grant(session, user_id=customer.person.id, credits_=5, reason="sorry", actor="operator:ann")
    draw_credits(customer.person, 10)
    assert low_balance.tell_recent() == 0


def test_credits_whose_time_is_over_do_not_count(customer: Buyer) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 9)
    with transaction() as session:
        ends = clock.now() + timedelta(minutes=5)
        grant(session, user_id=customer.person.id, credits_=15, reason="sorry", actor="operator:ann", expires_at=ends)
    assert low_balance.tell_recent() == 0
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        assert low_balance.tell_recent() == 1


def test_who_has_never_bought_is_told_nothing(buyer: Buyer) -> None:
    draw_credits(buyer.person, FREE_CREDITS)
    assert low_balance.tell(since=None) == 0


def test_a_purchase_that_was_taken_back_is_no_reason_to_write(customer: Buyer) -> None:
    ref = buy(customer, 10)
    refunds.refund_for_operator(ref, None, reason="a test", actor="operator:test")
    assert customer.credits == 0
    assert low_balance.tell(since=None) == 0


def test_a_shut_account_gets_no_mail(customer: Buyer) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 10)
    with transaction() as session:
        user = session.get(User, customer.person.id)
        assert user is not None
        people.disable(session, user)
    assert low_balance.tell(since=None) == 0


@pytest.mark.parametrize("reason", [None, "declined"])
def test_whoever_tops_up_by_itself_is_told_when_that_has_stopped(customer: Buyer, reason: str | None) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 10)
    with transaction() as session:
        session.execute(
            text("""
                INSERT INTO auto_topups (user_id, enabled, threshold, quantity, monthly_cap_minor, consented_at,
                                         updated_at, stopped_at, stop_reason)
                VALUES (:user_id, true, 5, 10, 5000, :now, :now, :stopped_at, :reason)
            """),
            {
                "user_id": customer.person.id,
                "now": clock.now(),
                "stopped_at": clock.now() if reason else None,
                "reason": reason,
            },
        )
    assert low_balance.tell_recent() == (1 if reason else 0)


def test_who_moved_nothing_lately_is_found_at_night(customer: Buyer) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 10)
    assert low_balance.tell(since=clock.now() + timedelta(minutes=1)) == 0
    lot_jobs.tell_low_balance_of_all(0)
    assert len(mails()) == 1


def test_workers_at_once_write_one_mail(customer: Buyer, committed: Flask) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 10)

    def tell(_: int) -> int:
        with committed.app_context():
            return low_balance.tell_recent()

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(tell, range(6))) == 1
    assert len(mails()) == 1


def test_more_buyers_than_one_batch_are_all_told(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(low_balance, "AT_ONCE", 2)
    for _ in range(3):
        one = Buyer(person=make_user())
        fill(one, 1_000)
        buy(one, 1)
        draw_credits(one.person, FREE_CREDITS + 1)
    lot_jobs.tell_low_balance(0)
    assert count("mail_messages", "template = 'low_balance'") == 3


def test_it_can_be_turned_off_and_on_again(client: FlaskClient, customer: Buyer, committed: Flask) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 10)
    sign_in(client, customer.person)
    page = client.get("/account").text
    assert 'name="low_balance" value="yes" checked' in page
    answer = submit(client, "/account/notices", "/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account#mails")
    assert 'name="low_balance" value="yes" checked' not in client.get("/account").text
    assert low_balance.tell_recent() == 0
    submit(client, "/account/notices", "/account", low_balance="yes")
    assert low_balance.tell_recent() == 1
    assert committed.test_client().post("/account/notices").status_code == 400


def test_a_choice_that_comes_after_the_look_still_counts(customer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    buy(customer, 10)
    draw_credits(customer.person, 10)
    look = low_balance.running_low

    def look_and_wait(since: datetime | None, after: int) -> list[low_balance.RunningLow]:
        found = look(since, after)
        with transaction() as session:
            low_balance.set_wanted(session, customer.person.id, wanted=False)
        return found

    monkeypatch.setattr(low_balance, "running_low", look_and_wait)
    assert low_balance.tell_recent() == 0
