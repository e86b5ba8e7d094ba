"""Money becomes available when Stripe has it and the hold is over, by Stripe's clock; what is owed is repaid first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.stripe_gateway import StripeUnavailable
from randonumber.wallet import jobs
from randonumber.wallet.service import refresh_topup
from tests.wallet.conftest import AT_ONCE, TWO_DAYS, agreed, postings, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from randonumber.wallet.models import TopupStatus
    from tests.wallet.conftest import Purse

DAY = 24 * 3600
HOLD_DAYS = 7


@pytest.fixture
def hold(committed: Flask) -> Iterator[None]:
    """Let funds be held for a week after Stripe has them."""
    before = committed.extensions["config"]
    committed.extensions["config"] = replace(before, wallet_hold_days=HOLD_DAYS)
    yield
    committed.extensions["config"] = before


def test_the_date_is_stripes_own(purse: Purse) -> None:
    ref = purse.top_up()
    jobs.sweep_all()
    charge = purse.sandbox.client.v1.charges.retrieve(stored(ref).payment_id or "")
    txn = purse.sandbox.client.v1.balance_transactions.retrieve(str(charge.balance_transaction))
    funds_on = stored(ref).funds_on
    assert funds_on is not None
    assert int(funds_on.timestamp()) == txn.available_on


def test_a_job_asks_once_the_date_has_come_and_no_event_told(purse: Purse) -> None:
    ref = purse.top_up()
    purse.sandbox.advance(TWO_DAYS)
    jobs.sweep_all()
    assert (stored(ref).status, purse.stands) == ("available", (5_000, 0, 0))


def test_a_top_up_about_which_stripe_is_never_heard_holds_no_other_up(
    purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, other = purse.top_up(), purse.top_up()
    purse.sandbox.advance(TWO_DAYS)
    _all_are_due(silent)
    ask = refresh_topup

    def slow(ref: str, *, actor: str) -> TopupStatus | None:
        if ref == silent:
            reason = "no answer: ReadTimeout"
            raise StripeUnavailable(reason)
        return ask(ref, actor=actor)

    monkeypatch.setattr(jobs, "refresh_topup", slow)
    for _ in range(2):
        jobs.release_topups.func(timestamp=0)
    assert (stored(silent).status, stored(other).status) == ("paid", "available")


@pytest.mark.usefixtures("hold")
def test_the_hold_is_counted_in_stripes_time(purse: Purse) -> None:
    ref = purse.top_up(card=AT_ONCE)
    jobs.sweep_all()
    assert stored(ref).status == "paid"
    purse.sandbox.advance(HOLD_DAYS * DAY - 3600)
    _something_happens(purse)
    jobs.sweep_all()
    assert (stored(ref).status, purse.stands) == ("paid", (0, 5_000, 0))
    purse.sandbox.advance(2 * 3600)
    jobs.sweep_all()
    assert stored(ref).status == "paid"  # nothing at Stripe has named the new time yet
    _something_happens(purse)
    jobs.sweep_all()
    assert (stored(ref).status, purse.stands) == ("available", (5_000, 0, 0))
    agreed()


@pytest.mark.usefixtures("hold")
def test_what_stripe_has_not_is_not_available_when_the_hold_is_over_by_our_clock(purse: Purse) -> None:
    ref = purse.top_up()
    purse.arrives()
    assert (stored(ref).status, purse.stands) == ("paid", (0, 5_000, 0))


def test_it_is_released_once_however_often_it_is_asked(purse: Purse, committed: Flask) -> None:
    purse.top_up()
    purse.sandbox.advance(TWO_DAYS)

    def ask() -> None:
        with committed.app_context():
            jobs.sweep_all()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(copy_context().run, ask) for _ in range(4)]:
            done.result()
    purse.deliver()
    assert len(postings("topup_available")) == 1
    assert purse.stands == (5_000, 0, 0)


def test_what_is_owed_is_repaid_by_the_next_top_up(purse: Purse) -> None:
    first = purse.top_up(3_000, card=AT_ONCE)
    jobs.sweep_all()
    purse.spend(2_000)
    purse.dispute(first)
    purse.deliver()
    assert purse.stands == (0, 0, 2_000)
    purse.top_up(5_000)
    assert purse.stands == (0, 5_000, 2_000)
    purse.arrives()
    assert purse.stands == (3_000, 0, 0)
    agreed()


def test_a_top_up_smaller_than_the_debt_repays_a_part(purse: Purse) -> None:
    first = purse.top_up(3_000, card=AT_ONCE)
    jobs.sweep_all()
    purse.spend(3_000)
    purse.dispute(first)
    purse.deliver()
    purse.top_up(1_000, card=AT_ONCE)
    jobs.sweep_all()
    assert purse.stands == (0, 0, 2_000)


def _something_happens(purse: Purse) -> None:
    """Let Stripe make an event."""
    purse.sandbox.client.v1.customers.create({"email": "somebody@example.com"})


def _all_are_due(first: str) -> None:
    """Let every top-up be due, this one the longest."""
    with transaction() as session:
        due = "now() - CASE WHEN ref = :first THEN interval '2 minutes' ELSE interval '1 minute' END"
        session.execute(text(f"UPDATE topups SET next_check_at = {due}"), {"first": first})  # noqa: S608 - constants
