"""A dispute beside a draw, a refund, the completion of its purchase and another worker: two at once, step by step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.credits.service import disputing, refunds
from randonumber.database import driver_connection, transaction
from randonumber.errors import AccountBarred
from randonumber.inbox import dispatch
from randonumber.numbers.service import UserPays, draw
from randonumber.numbers.wishes import Integers
from randonumber.payments import effect_of_charge, effect_of_dispute
from randonumber.reconciliation.service import reconcile
from randonumber.stripe_gateway import gateway
from tests.credits.bank import Bank, owed, sell, spend
from tests.credits.conftest import FREE_CREDITS, count, house, stored
from tests.credits.refunding import as_person
from tests.credits.test_disputes import bring_level, disputed_money, figures, shown
from tests.credits.test_races import wait_until_somebody_waits
from tests.drawing import give

if TYPE_CHECKING:
    from flask import Flask

    from tests.credits.bank import Sale
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox

OTHER_CREDITS = 5
SEVEN = Integers(minimum=1, maximum=6, n=7)


@pytest.fixture
def bank(sandbox: StripeSandbox) -> Bank:
    return Bank(sandbox=sandbox)


@pytest.fixture
def sale(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> Sale:
    """Ten credits of which four are left, beside five that were given later and are spent first."""
    sold = sell(buyer, sandbox, deliver_webhooks)
    spend(buyer, FREE_CREDITS + 6)
    give(buyer.person, OTHER_CREDITS)
    return sold


@pytest.mark.pain(13)
def test_a_draw_that_waited_for_its_lots_while_the_debt_arose_is_barred(
    buyer: Buyer, sale: Sale, committed: Flask
) -> None:
    """Its statement began when nothing was owed, and the five other credits would pay for it."""

    def draw_two() -> None:
        with committed.app_context():
            spend(buyer, 2)

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            disputing.bring_level(session, sale.ref, replace(shown(sale.charge), withdrawn=900), actor="test")
            session.flush()
            drawing = thread.submit(draw_two)
            wait_until_somebody_waits()
        with pytest.raises(AccountBarred):
            drawing.result()
    assert (buyer.credits, owed(buyer)) == (OTHER_CREDITS, 6)


def test_a_dispute_waits_for_the_draw_before_it_and_takes_what_is_left(
    buyer: Buyer, sale: Sale, committed: Flask
) -> None:
    def dispute() -> None:
        with committed.app_context():
            bring_level(sale, replace(shown(sale.charge), withdrawn=900))

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            draw(driver_connection(session), UserPays(user_id=buyer.person.id, actor="test"), SEVEN)
            waiting = thread.submit(dispute)
            wait_until_somebody_waits()
        waiting.result()
    assert (buyer.credits, owed(buyer)) == (0, 8), "five others and two of the purchase were drawn"
    with pytest.raises(AccountBarred):
        spend(buyer, 1)


@pytest.mark.pain(14)
@pytest.mark.parametrize("first", ["refund", "dispute"])
def test_a_refund_by_the_buyer_and_a_dispute_at_once_take_the_credits_once(
    buyer: Buyer, sale: Sale, bank: Bank, committed: Flask, deliver_webhooks: DeliverWebhooks, first: str
) -> None:
    def give_back() -> str:
        with committed.app_context():
            try:
                return str(refunds.refund_for_buyer(as_person(buyer), sale.ref, "back-0001").status)
            except refunds.NotRefundable:
                return "not refundable"

    def dispute() -> str:
        with committed.app_context():
            bank.disputes(sale.charge)
            return "disputed"

    one, other = (give_back, dispute) if first == "refund" else (dispute, give_back)
    with ThreadPoolExecutor(2) as threads:
        results = [threads.submit(one), threads.submit(other)]
        assert {result.result() for result in results} <= {"succeeded", "refused", "disputed", "not refundable"}
    deliver_webhooks(copies=2)
    purchase = stored(sale.ref)
    assert (purchase.status, purchase.revoked_credits) == ("disputed", 10)
    assert purchase.refunded_minor + purchase.disputed_minor == 900
    assert owed(buyer) == 6
    report = reconcile()
    assert (report.agrees, house("unmatched"), house("refunds:in_transit")) == (True, 0, 0)


@pytest.mark.pain(7)
def test_a_dispute_that_comes_while_its_purchase_is_completed_waits_for_it(
    buyer: Buyer, sandbox: StripeSandbox, bank: Bank, committed: Flask
) -> None:
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url, card="4000000000000259")
    [made] = sandbox.client.v1.disputes.list().data
    completing = effect_of_charge(gateway().get_charge(str(made.charge)), actor="first")
    disputing_ = effect_of_dispute(made.id, actor="second")
    assert completing is not None
    assert disputing_ is not None

    def second() -> None:
        with committed.app_context(), transaction() as session:
            disputing_(session)

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            completing(session)
            session.flush()
            waiting = thread.submit(second)
            wait_until_somebody_waits()
        waiting.result()
    assert (figures(started.ref), buyer.credits) == (("disputed", 900, 10), FREE_CREDITS)
    assert count("transactions", "kind IN ('purchase', 'dispute_open')") == 2
    assert count("mail_messages", "template = 'dispute_opened'") == 1
    assert reconcile().agrees


def test_two_workers_with_the_same_event_have_one_effect(
    buyer: Buyer, sale: Sale, bank: Bank, committed: Flask, deliver_webhooks: DeliverWebhooks
) -> None:
    made = bank.disputes(sale.charge)
    deliver_webhooks()
    bank.decides(made, won=True)
    deliver_webhooks(run=False)
    with transaction() as session:
        events = list(session.scalars(text("SELECT id FROM inbox_events WHERE status = 'pending'")))
    assert events

    def work(event_id: str) -> dispatch.Dispatched:
        with committed.app_context():
            return dispatch.dispatch(event_id)

    with ThreadPoolExecutor(4) as workers:
        outcomes = list(workers.map(work, events * 4))
    assert set(outcomes) == {dispatch.Dispatched.CLOSED}
    assert (figures(sale.ref), disputed_money(), owed(buyer)) == (("paid", 0, 0), (0, 0), 0)
    assert count("transactions", "kind = 'dispute_won'") == 1
    assert count("mail_messages", "template = 'dispute_closed'") == 1
    assert reconcile().agrees
