"""Money leaves the wallet once, arrives at the connected account, and every step is in the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.payouts.service.withdrawals.cancelling import TooLate
from randonumber.payouts.service.withdrawals.reasons import NotWithdrawable
from tests.payouts.withdrawers import CREATE, agreed, change, count, house, stored

if TYPE_CHECKING:
    from tests.payouts.withdrawers import Withdrawer


def test_a_withdrawal_is_held_sent_and_paid_in_one_request(withdrawer: Withdrawer) -> None:
    ref = withdrawer.withdraw(2000)
    row = stored(ref)
    assert (row.status, row.amount_minor, row.fee_minor, row.stripe_account_id) == (
        "paid",
        2000,
        0,
        withdrawer.account,
    )
    [transfer] = withdrawer.transfers()
    assert (transfer.id, transfer.amount, transfer.transfer_group) == (row.transfer_id, 2000, ref)
    assert transfer.metadata["ref"] == ref
    assert (withdrawer.left, withdrawer.stands.held, withdrawer.received()) == (3000, 0, 2000)
    assert count("mail_messages", "template = 'withdrawal_paid'") == 1
    withdrawer.deliver()
    agreed()
    assert (house("withdrawals:in_transit"), count("withdrawals")) == (0, 1)


def test_the_fee_is_taken_out_of_what_is_withdrawn(withdrawer: Withdrawer, settings: dict[str, int]) -> None:
    settings["withdrawal_fee_basis_points"] = 125
    ref = withdrawer.withdraw(2002)
    assert (stored(ref).fee_minor, stored(ref).net_minor) == (25, 1977)
    assert (withdrawer.left, withdrawer.received(), house("withdrawals:fees")) == (2998, 1977, 25)
    agreed()


def test_all_there_is(withdrawer: Withdrawer) -> None:
    ref = withdrawer.withdraw("all")
    assert (stored(ref).amount_minor, withdrawer.left, withdrawer.received()) == (5000, 0, 5000)


def test_the_same_form_withdraws_once_whatever_it_asks_for(withdrawer: Withdrawer) -> None:
    assert withdrawer.withdraw(2000) == withdrawer.withdraw(3000)
    assert (count("withdrawals"), withdrawer.left, len(withdrawer.transfers())) == (1, 3000, 1)


@pytest.mark.pain(22)
def test_without_funds_at_stripe_it_waits_and_goes_when_they_come(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.client.v1.payouts.create({"amount": platform(withdrawer), "currency": "usd"})
    ref = withdrawer.withdraw(2000)
    row = stored(ref)
    assert (row.status, row.waiting_since is not None, withdrawer.stands.held) == ("held", True, 2000)
    assert count("stripe_calls", "operation = 'transfer.create'") == 2, "the refusal is stored under the old key"
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.transfers()) == ("held", [])
    late = {"amount": 9000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    withdrawer.sandbox.client.v1.payment_intents.create(late | {"return_url": "http://127.0.0.1:5000/back"})  # type: ignore[arg-type]
    withdrawer.sandbox.advance(8 * 86400)
    assert "balance.available" in withdrawer.deliver()
    assert (stored(ref).status, stored(ref).waiting_since, withdrawer.received()) == ("paid", None, 2000)
    agreed()


@pytest.mark.pain(22)
def test_one_that_waits_for_funds_blocks_no_other(withdrawer: Withdrawer) -> None:
    spare = platform(withdrawer) - 1500
    withdrawer.sandbox.client.v1.payouts.create({"amount": spare, "currency": "usd"})
    waiting = withdrawer.withdraw(2000)
    going = withdrawer.withdraw(1000, "form-0002")
    assert (stored(waiting).status, stored(going).status) == ("held", "paid")


def test_what_waits_can_be_cancelled_and_everything_is_back(withdrawer: Withdrawer, settings: dict[str, int]) -> None:
    settings["withdrawal_fee_basis_points"] = 100
    withdrawer.sandbox.client.v1.payouts.create({"amount": platform(withdrawer), "currency": "usd"})
    ref = withdrawer.withdraw(2000)
    withdrawer.cancel(ref)
    withdrawer.cancel(ref)
    assert (stored(ref).status, withdrawer.left, house("withdrawals:fees")) == ("canceled", 5000, 0)
    withdrawer.run(early=True)
    assert withdrawer.transfers() == []


def test_what_was_sent_or_has_ended_cannot_be_cancelled(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_after")
    unknown = withdrawer.withdraw(2000)
    assert stored(unknown).status == "sent"
    with pytest.raises(TooLate):
        withdrawer.cancel(unknown)
    paid = withdrawer.withdraw(1000, "form-0002")
    with pytest.raises(TooLate):
        withdrawer.cancel(paid)
    assert (stored(unknown).status, stored(paid).status, withdrawer.left) == ("sent", "paid", 2000)


@pytest.mark.pain(18)
def test_what_stripe_refuses_for_good_is_given_back_with_its_reason(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.client.v1.accounts.update(
        withdrawer.account, {"capabilities": {"transfers": {"requested": False}}}
    )
    ref = withdrawer.withdraw(2000)
    row = stored(ref)
    assert (row.status, withdrawer.left, withdrawer.stands.held) == ("failed", 5000, 0)
    assert "does not let your account receive transfers" in (row.reason or "")
    assert count("mail_messages", "template = 'withdrawal_failed'") == 1
    assert house("withdrawals:in_transit") == 0
    agreed()


def test_an_account_that_is_gone_mid_way_gives_the_money_back(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.client.v1.payouts.create({"amount": platform(withdrawer), "currency": "usd"})
    ref = withdrawer.withdraw(2000)
    withdrawer.sandbox.client.v1.accounts.delete(withdrawer.account)
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.left) == ("failed", 5000)
    assert "Connect it again" in (stored(ref).reason or "")


def test_the_destination_is_the_one_of_the_moment_of_asking(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_before")
    ref = withdrawer.withdraw(2000)
    change(stripe_account_id="acct_another")
    withdrawer.run(early=True)
    assert (stored(ref).status, stored(ref).stripe_account_id) == ("paid", withdrawer.account)
    assert withdrawer.received() == 2000


@pytest.mark.pain(19)
def test_nothing_goes_to_an_account_below_zero(withdrawer: Withdrawer) -> None:
    below_zero(withdrawer)
    with pytest.raises(NotWithdrawable) as refusal:
        withdrawer.withdraw(2000, "form-0002")
    assert [reason.code for reason in refusal.value.reasons] == ["account_not_ready"]
    assert "$10.00 below zero" in refusal.value.detail
    assert count("withdrawals", "status <> 'reversed'") == 1


@pytest.mark.pain(19)
def test_an_account_that_fell_below_zero_while_the_money_waited_gets_none(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault("GET /v1/balance", "reset_before")
    ref = withdrawer.withdraw(2000, "form-0009")
    assert (stored(ref).status, withdrawer.transfers()) == ("held", []), "without Stripe's word nothing goes out"
    below_zero(withdrawer)
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.left) == ("failed", 5000), "the 10.00 came back, too"
    assert "below zero" in (stored(ref).reason or "")


def test_silence_about_the_account_only_makes_it_wait(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault("GET /v1/balance", "error_500", times=2)
    ref = withdrawer.withdraw(2000)
    assert stored(ref).status == "held"
    withdrawer.run(early=True)
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.received()) == ("paid", 2000)
    agreed()


def below_zero(withdrawer: Withdrawer) -> None:
    """Send 10.00, let the account pay it out, and take it back: it owes it now."""
    paid = withdrawer.withdraw(1000, "form-0000")
    there = {"stripe_account": withdrawer.account}
    withdrawer.sandbox.client.v1.payouts.create({"amount": 1000, "currency": "usd"}, there)  # type: ignore[arg-type]
    with transaction() as session:
        transfer_id = session.execute(text("SELECT transfer_id FROM withdrawals WHERE ref = :ref"), {"ref": paid})
    withdrawer.sandbox.client.v1.transfers.reversals.create(transfer_id.scalar_one())
    assert withdrawer.received() == -1000


def platform(withdrawer: Withdrawer) -> int:
    """What can be sent from Stripe's balance now, in cents."""
    return int(withdrawer.sandbox.client.v1.balance.retrieve().available[0].amount)
