"""Whatever Stripe's line or our process does while a refund is made: it is made once, and booked once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from randonumber import calls
from randonumber.credits.models import Refund
from randonumber.credits.service.refunds import settling
from randonumber.database import transaction
from randonumber.failpoints import FailpointRaised, arm
from tests.credits.bank import Bank
from tests.credits.conftest import count, stored
from tests.credits.refunding import CREATE, Shop, agreed, figures, refund

if TYPE_CHECKING:
    from typing import Any

    from tests.stripe_fixtures import RunJobs

FAULTS = ["reset_before", "reset_after", "truncate", "error_500", "error_500_done", "error_429", "error_409", "slow"]
DONE = {"reset_after", "truncate", "error_500_done", "slow"}
"""Faults that lose the answer to a refund that was made."""
TRIES = 40


def at_stripe(shop: Shop, ref: str) -> int:
    return len(shop.sandbox.client.v1.refunds.list({"charge": stored(ref).payment_id or ""}).data)


def until_it_ends(ref: str, run_jobs: RunJobs) -> None:
    """Let the worker go on until the refund's call is closed."""
    for _ in range(TRIES):
        if refund(ref).call_id is None:
            return
        run_jobs(early=True, may_fail=True)
    pytest.fail("the call never ends")


@pytest.mark.pain(4)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_ends_in_one_refund_by_itself(shop: Shop, run_jobs: RunJobs, fault: str) -> None:
    ref = shop.buy(100)
    shop.draw(10)
    shop.sandbox.fault(CREATE, fault, **({"seconds": 25} if fault == "slow" else {}))
    assert shop.give_back(ref).status == "held"
    assert (figures(ref), shop.credits) == (("partly_refunded", 6100, 90), 0), "held: neither money nor credits twice"
    assert at_stripe(shop, ref) == (fault in DONE)
    until_it_ends(ref, run_jobs)
    shop.deliver()
    assert at_stripe(shop, ref) == 1
    assert (refund(ref).status, figures(ref)) == ("succeeded", ("partly_refunded", 6100, 90))
    assert count("mail_messages", "template = 'refund'") == 1
    agreed()


@pytest.mark.parametrize("place", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_a_process_that_dies_anywhere_leaves_a_refund_that_goes_on(shop: Shop, run_jobs: RunJobs, place: str) -> None:
    ref = shop.buy(10)
    arm({place: "raise"})
    with pytest.raises(FailpointRaised):
        shop.give_back(ref)
    until_it_ends(ref, run_jobs)
    assert shop.give_back(ref).status == "succeeded", "the same form shows the same refund"
    shop.deliver()
    assert (at_stripe(shop, ref), figures(ref)) == (1, ("refunded", 900, 10))
    agreed()


@pytest.mark.parametrize("fault", ["reset_after", "error_500_done"])
def test_an_event_may_come_before_the_answer_that_was_lost(shop: Shop, run_jobs: RunJobs, fault: str) -> None:
    ref = shop.buy(10)
    shop.sandbox.fault(CREATE, fault)
    shop.give_back(ref)
    shop.deliver()
    assert refund(ref).status == "succeeded", "recognised by the ref that it carries"
    until_it_ends(ref, run_jobs)
    assert (figures(ref), at_stripe(shop, ref)) == (("refunded", 900, 10), 1)
    assert count("transactions", "kind LIKE 'refund_%'") == 2
    assert count("mail_messages", "template = 'refund'") == 1
    agreed()


@pytest.mark.pain(15)
def test_a_refund_that_failed_before_its_lost_answer_stays_failed(shop: Shop, run_jobs: RunJobs) -> None:
    ref = shop.buy(10)
    shop.sandbox.fault(CREATE, "reset_after")
    shop.give_back(ref)
    shop.deliver()
    Bank(sandbox=shop.sandbox).returns(refund(ref).stripe_refund_id or "")
    shop.deliver()
    assert (refund(ref).status, shop.credits) == ("failed", 10)
    until_it_ends(ref, run_jobs)  # the key gives the old answer again: succeeded
    assert (refund(ref).status, shop.credits, figures(ref)) == ("failed", 10, ("paid", 0, 0))
    agreed()


def test_what_stripe_refuses_gives_everything_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = shop.buy(10)
    shop.draw(4)

    def plan_nonsense(session: Any, **given: Any) -> int:
        return calls.plan(session, **{**given, "params": {**given["params"], "nonsense": "1"}})

    with monkeypatch.context() as patch:
        patch.setattr(settling, "calls", SimpleNamespace(plan=plan_nonsense))
        asked = shop.give_back(ref)
    assert (asked.status, asked.failure) == ("refused", "parameter_unknown")
    assert (shop.credits, shop.owed, figures(ref)) == (6, 0, ("paid", 0, 0))
    assert (count("transactions", "kind = 'refund_release'"), at_stripe(shop, ref)) == (1, 0)
    assert shop.give_back(ref, "back-0002").status == "succeeded"
    assert count("mail_messages", "template = 'refund_failed'") == 1
    agreed()


@pytest.mark.pain(14)
def test_what_was_refunded_in_the_dashboard_meanwhile_is_refused_and_stands_once(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.draw(4)
    shop.dashboard(ref)
    assert shop.give_back(ref).status == "refused"
    assert (shop.credits, figures(ref)) == (6, ("paid", 0, 0)), "not heard of yet"
    shop.deliver()
    assert (shop.credits, shop.owed, figures(ref)) == (0, 4, ("refunded", 900, 10))
    agreed()


@pytest.mark.pain(14)
def test_a_dashboard_refund_that_is_heard_of_while_ours_is_held(shop: Shop, run_jobs: RunJobs) -> None:
    ref = shop.buy(10)
    shop.draw(4)
    shop.sandbox.fault(CREATE, "reset_before")
    assert shop.give_back(ref).status == "held"
    shop.dashboard(ref)
    shop.deliver(run=False)
    run_jobs()
    with transaction() as session:
        [ours] = session.scalars(select(Refund).where(Refund.origin == "buyer"))
    for _ in range(TRIES):
        if ours.call_id is None:
            break
        run_jobs(early=True)
        with transaction() as session:
            [ours] = session.scalars(select(Refund).where(Refund.origin == "buyer"))
    assert ours.status == "refused"
    assert (shop.credits, shop.owed, figures(ref)) == (0, 4, ("refunded", 900, 10))
    agreed()


@pytest.mark.pain(14)
def test_a_dispute_that_comes_while_a_refund_is_held(shop: Shop, run_jobs: RunJobs) -> None:
    ref = shop.buy(10)
    shop.draw(4)
    shop.sandbox.fault(CREATE, "reset_before")
    assert shop.give_back(ref).status == "held"
    bank = Bank(sandbox=shop.sandbox)
    dispute = bank.disputes(stored(ref).payment_id or "")
    shop.deliver(run=False)
    run_jobs()
    until_it_ends(ref, run_jobs)
    assert (refund(ref).status, refund(ref).failure) == ("refused", "charge_disputed")
    assert (shop.credits, shop.owed, figures(ref)) == (0, 4, ("disputed", 0, 10))
    bank.decides(dispute, won=True)
    shop.deliver()
    assert (shop.credits, shop.owed, figures(ref)) == (6, 0, ("paid", 0, 0))
    agreed()
