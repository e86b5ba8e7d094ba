"""Whatever Stripe's line or our process does while money goes out: it goes once, and the books say so.

The table is that of reliability.md 5.1 for transfers; the journal's own tests are in tests/calls. Here the oracle is
money: one transfer and one settle, or none and everything back.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import stripe
from sqlalchemy import text

from randonumber import calls
from randonumber.database import transaction
from randonumber.failpoints import FailpointRaised, arm
from randonumber.sandbox import inprocess
from tests.payouts.withdrawers import CREATE, agreed, count, house, stored

if TYPE_CHECKING:
    from flask import Flask

    from tests.payouts.withdrawers import Withdrawer

TRIES = 40
LOST = {"reset_after", "truncate", "error_500_done", "slow"}
"""Faults that lose the answer to a transfer that was made."""
FAULTS = {
    "F04": {"fault": "reset_before"},
    "F05": {"fault": "reset_after"},
    "F06": {"fault": "slow", "seconds": 25},
    "F07": {"fault": "error_500_done"},
    "F08": {"fault": "error_500"},
    "F10": {"fault": "error_429", "times": 5},
    "F11": {"fault": "error_409", "times": 2},
    "F17": {"fault": "reset_before", "times": 4},
    "F18": {"fault": "truncate"},
}


def until_it_ends(withdrawer: Withdrawer, ref: str) -> None:
    """Let the worker go on until the withdrawal has ended."""
    for _ in range(TRIES):
        if stored(ref).closed_at is not None:
            return
        withdrawer.run(early=True, may_fail=True)
        time.sleep(0.2)  # the quiet time before a look-up is a second in tests
    pytest.fail("it never ends")


def paid_once(withdrawer: Withdrawer, ref: str) -> None:
    """Say that exactly one transfer was made and booked, whoever told of it, and told once to its owner."""
    withdrawer.deliver()
    [transfer] = withdrawer.transfers()
    assert (stored(ref).status, stored(ref).transfer_id) == ("paid", transfer.id)
    assert (withdrawer.left, withdrawer.received(), house("withdrawals:in_transit")) == (3000, 2000, 0)
    assert count("transactions", "kind = 'withdrawal_settle'") == 1
    assert count("mail_messages", "template LIKE 'withdrawal_%'") == 1
    agreed()


@pytest.mark.pain(17)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_lost_answer_ends_in_one_transfer_by_itself(withdrawer: Withdrawer, fault: dict[str, Any]) -> None:
    withdrawer.sandbox.fault(CREATE, **fault)
    ref = withdrawer.withdraw(2000)
    assert (stored(ref).status, withdrawer.left) == ("sent", 3000), "held as long as nobody knows"
    assert len(withdrawer.transfers()) == (fault["fault"] in LOST)
    until_it_ends(withdrawer, ref)
    paid_once(withdrawer, ref)


@pytest.mark.pain(17)
@pytest.mark.parametrize("place", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_a_process_that_dies_anywhere_leaves_a_withdrawal_that_goes_on(withdrawer: Withdrawer, place: str) -> None:
    arm({place: "raise"})
    with pytest.raises(FailpointRaised):
        withdrawer.withdraw(2000)
    [ref] = refs()
    assert (stored(ref).amount_minor, withdrawer.left) == (2000, 3000)
    until_it_ends(withdrawer, ref)
    assert withdrawer.withdraw(2000) == ref, "the same form shows the same withdrawal"
    paid_once(withdrawer, ref)


@pytest.mark.pain(17)
@pytest.mark.parametrize("fault", ["reset_after", "error_500_done"])
def test_an_event_may_come_before_the_answer_that_was_lost(withdrawer: Withdrawer, fault: str) -> None:
    withdrawer.sandbox.fault(CREATE, fault)
    ref = withdrawer.withdraw(2000)
    withdrawer.deliver(copies=3)
    assert stored(ref).status == "paid", "recognised by the ref that it carries"
    withdrawer.run(early=True)
    paid_once(withdrawer, ref)


@pytest.mark.pain(17)
def test_a_key_that_stripe_forgot_is_not_sent_again(withdrawer: Withdrawer, committed: Flask) -> None:
    committed.config["STRIPE_KEY_LIFE_SECONDS"] = 0
    try:
        withdrawer.sandbox.fault("*", "key_ttl", seconds=0)
        withdrawer.sandbox.fault(CREATE, "reset_after")
        ref = withdrawer.withdraw(2000)
        until_it_ends(withdrawer, ref)
    finally:
        del committed.config["STRIPE_KEY_LIFE_SECONDS"]
    paid_once(withdrawer, ref)
    assert len(withdrawer.sandbox.sent(CREATE)) == 1


def test_other_parameters_under_the_key_release_nothing(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_before")
    ref = withdrawer.withdraw(2000)
    with transaction() as session:
        [key] = session.scalars(text("SELECT key FROM stripe_calls"))
    withdrawer.sandbox.client.v1.customers.create({}, {"idempotency_key": key})
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.left, withdrawer.transfers()) == ("sent", 3000, [])
    assert count("stripe_calls", "alarm IS NOT NULL AND due_at IS NULL") == 1
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.left) == ("sent", 3000)


def test_a_key_that_stripe_denies_releases_nothing(withdrawer: Withdrawer, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = stripe.AuthenticationError("Invalid API Key", http_status=401)

    def deny(*_given: Any, **_more: Any) -> Any:
        raise denied

    with monkeypatch.context() as patch:
        patch.setattr(withdrawer.sandbox.transport, "request", deny)
        ref = withdrawer.withdraw(2000)
        withdrawer.run(early=True, may_fail=True)
    assert (stored(ref).closed_at, withdrawer.left, withdrawer.stands.held) == (None, 3000, 2000)
    with transaction() as session:
        session.execute(text("DELETE FROM stripe_stops"))
    until_it_ends(withdrawer, ref)
    paid_once(withdrawer, ref)


def test_stripe_wholly_silent_holds_it_and_it_goes_when_stripe_is_back(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault("*", "reset_before", rate=1)
    ref = withdrawer.withdraw(2000)
    withdrawer.run(early=True, may_fail=True)
    assert (stored(ref).closed_at, withdrawer.left) == (None, 3000)
    withdrawer.sandbox.clear_faults()
    until_it_ends(withdrawer, ref)
    paid_once(withdrawer, ref)


@pytest.mark.pain(17)
def test_two_workers_drive_it_once(withdrawer: Withdrawer, committed: Flask) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_before")
    ref = withdrawer.withdraw(2000)
    call_id = stored(ref).call_id or 0

    def drive(_number: int) -> str:
        with committed.app_context():
            return calls.drive(call_id)

    time.sleep(1)  # nobody asks about one object more than once a second
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(drive, range(8))) == {"ok"}
    paid_once(withdrawer, ref)


def test_events_that_are_lost_are_made_up_for_by_stripes_book(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_after")
    ref = withdrawer.withdraw(2000)
    agreed()
    assert stored(ref).status == "paid"
    inprocess.deliveries(withdrawer.sandbox.app)
    withdrawer.run(early=True)
    paid_once(withdrawer, ref)


@pytest.mark.broken_books
def test_a_transfer_of_another_amount_settles_nothing(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_before")
    ref = withdrawer.withdraw(2000)
    order: Any = {"amount": 1900, "currency": "usd", "destination": withdrawer.account, "metadata": {"ref": ref}}
    withdrawer.sandbox.client.v1.transfers.create(order)
    withdrawer.deliver(run=False)
    with transaction() as session:
        session.execute(text("UPDATE stripe_calls SET due_at = now() + interval '1 hour'"))
        session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name <> 'inbox.dispatch'"))
    withdrawer.run()
    assert (stored(ref).status, withdrawer.left) == ("sent", 3000)
    until_it_ends(withdrawer, ref)
    assert (stored(ref).status, withdrawer.received()) == ("paid", 3900)


def test_a_withdrawal_that_an_event_has_ended_is_not_sent_by_a_call_that_waited(withdrawer: Withdrawer) -> None:
    spare = int(withdrawer.sandbox.client.v1.balance.retrieve().available[0].amount)
    withdrawer.sandbox.client.v1.payouts.create({"amount": spare, "currency": "usd"})
    ref = withdrawer.withdraw(2000)
    assert stored(ref).status == "held"
    withdrawer.fill(2000)
    order: Any = {"amount": 2000, "currency": "usd", "destination": withdrawer.account, "metadata": {"ref": ref}}
    withdrawer.sandbox.client.v1.transfers.create(order)  # as after a restore: made by us, and forgotten
    withdrawer.deliver(run=False)
    with transaction() as session:
        session.execute(text("UPDATE stripe_calls SET due_at = now() + interval '1 hour' WHERE closed_at IS NULL"))
    withdrawer.run()
    assert stored(ref).status == "paid"
    withdrawer.run(early=True)
    assert (len(withdrawer.transfers()), withdrawer.received()) == (1, 2000)


def refs() -> list[str]:
    with transaction() as session:
        return list(session.scalars(text("SELECT ref FROM withdrawals ORDER BY id")))
