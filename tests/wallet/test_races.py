"""Several at once: tabs, events, jobs and operators that meet on one top-up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from randonumber import payments
from randonumber.database import transaction
from randonumber.stripe_gateway import gateway
from randonumber.wallet import service
from tests.credits.saving import charges
from tests.wallet.conftest import AT_ONCE, TWO_DAYS, agreed, mails, postings, stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.wallet.conftest import Purse


def at_once(app: Flask, *what: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same time, each in a thread with the app."""

    def within(one: Callable[[], Any]) -> Any:
        with app.app_context():
            return one()

    with ThreadPoolExecutor(len(what)) as threads:
        return [done.result() for done in [threads.submit(copy_context().run, within, one) for one in what]]


def test_eight_tabs_with_one_form_open_one_session(purse: Purse, committed: Flask) -> None:
    started = at_once(committed, *[lambda: purse.start(form_ref="form-0001")] * 8)
    assert len({one.ref for one in started}) == 1
    assert len(purse.sandbox.client.v1.checkout.sessions.list().data) == 1


def test_eight_tabs_with_one_form_charge_a_card_once(purse: Purse, committed: Flask) -> None:
    card = purse.save()
    at_once(committed, *[lambda: purse.start(form_ref="form-0001", card=card)] * 8)
    purse.deliver()
    assert (len(charges(purse.sandbox)), purse.stands) == (1, (0, 5_000, 0))
    agreed()


def test_two_tabs_with_other_amounts_leave_one_that_can_be_paid(purse: Purse, committed: Flask) -> None:
    at_once(
        committed,
        lambda: purse.start(5_000, "form-0001"),
        lambda: purse.start(6_000, "form-0001"),
        lambda: purse.start(7_000, "form-0001"),
    )
    sessions = purse.sandbox.client.v1.checkout.sessions.list().data
    assert sum(one.status == "open" for one in sessions) <= 1


def test_page_event_and_job_book_a_payment_once(purse: Purse, committed: Flask) -> None:
    started = purse.start()
    assert started.url is not None
    purse.sandbox.pay(started.url)
    at_once(committed, *[lambda: service.refresh_topup(started.ref, actor="test")] * 4)
    purse.deliver(copies=2)
    assert (len(postings("topup")), mails("topup_received"), purse.stands) == (1, 1, (0, 5_000, 0))


def test_a_dispute_and_the_release_meet_and_take_once(purse: Purse, committed: Flask) -> None:
    ref = purse.top_up()
    purse.sandbox.advance(TWO_DAYS)
    purse.dispute(ref)
    at_once(committed, *[lambda: service.refresh_topup(ref, actor="test"), lambda: level(ref)] * 2)
    assert purse.stands == (0, 0, 0)
    assert len(postings("dispute_open")) == 1
    agreed()


def test_a_dispute_and_spending_meet_and_nothing_is_below_zero(purse: Purse, committed: Flask) -> None:
    ref = purse.top_up(card=AT_ONCE)
    service.refresh_topup(ref, actor="test")
    purse.dispute(ref)
    at_once(committed, lambda: level(ref), lambda: _spend(purse, 3_000))
    available, pending, owed = purse.stands
    assert (available, pending) == (0, 0)
    assert owed in {0, 3_000}
    agreed()


def level(ref: str) -> None:
    """Do what an event of the payment would."""
    effect = payments.effect_of_charge(gateway().get_charge(stored(ref).payment_id or ""), actor="test")
    assert effect is not None
    with transaction() as session:
        effect(session)


def _spend(purse: Purse, amount: int) -> None:
    from randonumber.ledger.posting import Overdrawn

    try:
        purse.spend(amount)
    except Overdrawn:
        return
