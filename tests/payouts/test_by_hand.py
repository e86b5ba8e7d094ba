"""An operator ends a withdrawal by hand, after a look at Stripe: once, whoever else is at it, and never twice paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber import calls
from randonumber.calls import Outcome
from randonumber.database import db, transaction
from randonumber.errors import NotFound, TryLater
from randonumber.payouts.commands import withdrawals as commands
from randonumber.payouts.service.withdrawals import by_hand, destination
from randonumber.payouts.service.withdrawals.requesting import Asker, hold, send
from tests.payouts.withdrawers import CREATE, Withdrawer, agreed, count, stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

WHY = "the bank called, see ticket 12"
ANN = "operator:ann"


def release(ref: str) -> None:
    by_hand.release(ref, reason=WHY, actor=ANN)


def settle(ref: str) -> None:
    by_hand.settle(ref, reason=WHY, actor=ANN)


def hours_later(hours: int = 1) -> None:
    """Let the last request of every call be so long ago."""
    with db.engine.begin() as connection:
        moved = "first_sent_at = first_sent_at - :ago, last_sent_at = last_sent_at - :ago, lease_until = NULL"
        connection.execute(
            text(f"UPDATE stripe_calls SET {moved}".replace(":ago", f"interval '{hours} hours'"))  # noqa: S608 - a number
        )


def unknown(withdrawer: Withdrawer, fault: str) -> str:
    """A withdrawal whose transfer has an unknown outcome."""
    withdrawer.sandbox.fault(CREATE, fault)
    ref = withdrawer.withdraw(2000)
    assert stored(ref).status == "sent"
    return ref


def postings(ref: str) -> dict[str, tuple[str, str | None]]:
    with transaction() as session:
        rows = session.execute(text("SELECT kind, actor, reason FROM transactions WHERE ref = :ref"), {"ref": ref})
        return {row.kind: (row.actor, row.reason) for row in rows}


def test_what_stripe_never_got_is_released_and_never_sent_again(withdrawer: Withdrawer) -> None:
    ref = unknown(withdrawer, "reset_before")
    hours_later()
    release(ref)
    assert (stored(ref).status, stored(ref).reason, withdrawer.left) == ("failed", WHY, 5000)
    assert postings(ref)["withdrawal_release"] == (ANN, WHY)
    withdrawer.run(early=True)
    withdrawer.deliver()
    assert withdrawer.transfers() == []
    agreed()


def test_a_transfer_that_stripe_has_stands_against_a_release(withdrawer: Withdrawer) -> None:
    ref = unknown(withdrawer, "reset_after")
    hours_later()
    with pytest.raises(by_hand.NotPossible, match="settle it instead"):
        release(ref)
    assert (stored(ref).status, withdrawer.left) == ("sent", 3000)
    settle(ref)
    assert (stored(ref).status, stored(ref).transfer_id) == ("paid", withdrawer.transfers()[0].id)
    assert postings(ref)["withdrawal_settle"] == (ANN, WHY)
    withdrawer.run(early=True)
    withdrawer.deliver()
    assert len(withdrawer.transfers()) == 1
    agreed()


def test_a_request_that_may_be_on_its_way_stands_against_a_release(withdrawer: Withdrawer) -> None:
    ref = unknown(withdrawer, "reset_before")
    with pytest.raises(by_hand.NotPossible, match="still be on its way"):
        release(ref)
    assert stored(ref).status == "sent"
    withdrawer.run(early=True)
    assert len(withdrawer.transfers()) == 1


@pytest.mark.parametrize("act", [release, settle])
def test_while_stripe_does_not_answer_nothing_is_done(withdrawer: Withdrawer, act: Callable[[str], None]) -> None:
    ref = unknown(withdrawer, "reset_before")
    hours_later()
    withdrawer.sandbox.fault("GET /v1/transfers", "reset_before", times=1)
    with pytest.raises(TryLater):
        act(ref)
    assert stored(ref).status == "sent"


def test_what_was_never_sent_is_released(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.client.v1.payouts.create({"amount": platform(withdrawer), "currency": "usd"})
    ref = withdrawer.withdraw(2000)
    assert stored(ref).waiting_since is not None
    hours_later()
    release(ref)
    withdrawer.fill(5000)
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.transfers()) == ("failed", [])


def platform(withdrawer: Withdrawer) -> int:
    """What the platform has at Stripe."""
    return int(withdrawer.sandbox.client.v1.balance.retrieve().available[0].amount)


@pytest.mark.parametrize(
    "wrong", [{"amount": 1999}, {"metadata": {"ref": "wd_other"}}, {"metadata": {}}, {"copies": 2}, {"copies": 0}]
)
def test_only_the_one_transfer_that_was_asked_for_settles(withdrawer: Withdrawer, wrong: dict[str, Any]) -> None:
    ref = unknown(withdrawer, "reset_before")
    order: Any = {
        "amount": 2000,
        "currency": "usd",
        "destination": withdrawer.account,
        "transfer_group": ref,
        "metadata": {"ref": ref},
    } | wrong
    for _ in range(order.pop("copies", 1)):
        withdrawer.sandbox.client.v1.transfers.create(order)
    hours_later()
    with pytest.raises(by_hand.NotPossible):
        settle(ref)
    assert (stored(ref).status, withdrawer.left) == ("sent", 3000)


def test_a_reversal_of_the_transfer_is_booked_along(withdrawer: Withdrawer) -> None:
    ref = unknown(withdrawer, "reset_after")
    withdrawer.sandbox.client.v1.transfers.reversals.create(withdrawer.transfers()[0].id, {"amount": 500})
    settle(ref)
    assert (stored(ref).status, stored(ref).reversed_minor, withdrawer.left) == ("paid", 500, 3500)
    withdrawer.deliver()
    agreed()


def test_while_the_reversals_cannot_be_read_nothing_is_settled(withdrawer: Withdrawer) -> None:
    ref = unknown(withdrawer, "reset_after")
    hours_later()
    [transfer] = withdrawer.transfers()
    withdrawer.sandbox.client.v1.transfers.reversals.create(transfer.id, {"amount": 500})
    withdrawer.sandbox.fault("GET /v1/transfers/{id}/reversals", "reset_before")
    with pytest.raises(TryLater):
        settle(ref)
    assert stored(ref).status == "sent"


@pytest.mark.parametrize("act", [release, settle])
def test_what_has_ended_is_left_alone(withdrawer: Withdrawer, act: Callable[[str], None]) -> None:
    ref = withdrawer.withdraw(2000)
    with pytest.raises(by_hand.NotPossible, match="paid already"):
        act(ref)
    for name in ("wd_unknown", "wd_\x00"):
        with pytest.raises(NotFound):
            act(name)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_needed(withdrawer: Withdrawer, reason: str) -> None:
    ref = unknown(withdrawer, "reset_after")
    with pytest.raises(by_hand.NoReason):
        by_hand.settle(ref, reason=reason, actor=ANN)


def test_a_retry_sends_what_waits(withdrawer: Withdrawer) -> None:
    ref = unknown(withdrawer, "reset_before")
    hours_later()
    assert by_hand.retry(ref) is Outcome.OK
    assert stored(ref).status == "paid"
    with pytest.raises(by_hand.NotPossible):
        by_hand.retry(ref)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_retry_after_an_idempotency_error_looks_before_it_sends(withdrawer: Withdrawer, is_there: bool) -> None:  # noqa: FBT001
    ref = unknown(withdrawer, "reset_after" if is_there else "reset_before")
    with db.engine.begin() as connection:
        stays = "due_at = NULL, alarm = 'the key was used with other parameters', lease_until = NULL"
        connection.execute(text(f"UPDATE stripe_calls SET {stays} WHERE ref = :ref"), {"ref": ref})  # noqa: S608
    hours_later()
    sent = len(withdrawer.sandbox.sent(CREATE))
    assert by_hand.retry(ref) is Outcome.OK
    assert len(withdrawer.transfers()) == 1
    assert len(withdrawer.sandbox.sent(CREATE)) == sent + (not is_there)
    assert stored(ref).status == "paid"


def test_two_operators_at_once_end_it_once(withdrawer: Withdrawer, committed: Flask) -> None:
    for act, fault in ((release, "reset_before"), (settle, "reset_after")):
        withdrawer.sandbox.fault(CREATE, fault)
        ref = withdrawer.withdraw(2000, form_ref=f"form-{fault}")
        hours_later()
        with ThreadPoolExecutor(2) as threads:
            ends = list(threads.map(lambda _, act=act, ref=ref: outcome(committed, act, ref), range(2)))
        assert sorted(ends) == ["done", "refused"], ends
    withdrawer.deliver()
    assert len(withdrawer.transfers()) == 1
    assert withdrawer.left == 3000
    agreed()


def test_an_operator_and_the_worker_at_once_pay_once_or_not_at_all(withdrawer: Withdrawer, committed: Flask) -> None:
    for number in range(4):
        withdrawer.sandbox.fault(CREATE, "reset_before")
        ref = withdrawer.withdraw(1000, form_ref=f"form-000{number}")
        hours_later()

        def send(ref: str) -> None:
            calls.drive(stored(ref).call_id or 0)

        with ThreadPoolExecutor(2) as threads:
            acts = (release, send) if number % 2 else (send, release)
            list(threads.map(lambda act, ref=ref: outcome(committed, act, ref), acts))
        withdrawer.run(early=True)
        found = [one for one in withdrawer.transfers() if one.transfer_group == ref]
        assert (stored(ref).status, len(found)) in {("paid", 1), ("failed", 0)}
    withdrawer.deliver()
    agreed()


def outcome(app: Flask, act: Callable[[str], None], ref: str) -> str:
    with app.app_context():
        try:
            act(ref)
        except by_hand.NotPossible:
            return "refused"
        return "done"


def test_the_commands_do_the_same(withdrawer: Withdrawer, committed: Flask) -> None:
    runner = committed.test_cli_runner()

    def run(*words: str) -> Any:
        return runner.invoke(commands, words)

    assert "No withdrawal waits" in run("queue").output
    ref = unknown(withdrawer, "reset_after")
    assert ref in run("queue").output
    assert ref in run("queue", "--json").output
    shown = run("show", ref).output
    assert withdrawer.transfers()[0].id in shown
    assert run("show", "wd_none").exit_code == 1
    hours_later()
    assert run("release", ref, "--reason", WHY).exit_code == 1
    assert run("settle", ref, "--reason", " ").exit_code == 1
    result = run("settle", ref, "--reason", WHY)
    assert result.exit_code == 0, result.output
    assert stored(ref).status == "paid"
    second = unknown_again(withdrawer)
    assert "paid" in run("retry", second).output
    assert count("withdrawals", "status = 'paid'") == 2


def unknown_again(withdrawer: Withdrawer) -> str:
    withdrawer.sandbox.fault(CREATE, "reset_before")
    ref = withdrawer.withdraw(1000, form_ref="form-0002")
    hours_later()
    return ref


def test_a_worker_that_was_stopped_before_its_request_sends_nothing_after_a_release(
    withdrawer: Withdrawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped_for_hours(_stripe_account_id: str) -> None:
        monkeypatch.undo()
        hours_later()
        release(ref)

    with transaction() as session:
        asker = Asker(user_id=withdrawer.person.id, actor="test", is_fresh=True)
        ref = hold(session, asker, 2000, look=None).ref
    monkeypatch.setattr(destination, "trouble_of", stopped_for_hours)
    send(ref)
    assert (stored(ref).status, withdrawer.left, withdrawer.transfers()) == ("failed", 5000, [])
    withdrawer.run(early=True)
    agreed()
