"""What Stripe takes back of a transfer is the user's again, once for each reversal, whatever order it is told in."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.payouts.service.withdrawals.rows import lock_withdrawal
from randonumber.payouts.service.withdrawals.settling import follow
from randonumber.sandbox import inprocess
from randonumber.stripe_gateway import gateway
from tests.payouts.withdrawers import CREATE, agreed, count, stored

if TYPE_CHECKING:
    from tests.payouts.withdrawers import Withdrawer


@pytest.mark.pain(18)
def test_a_part_and_then_the_rest_come_back_to_the_wallet(withdrawer: Withdrawer) -> None:
    ref = withdrawer.withdraw(2000)
    first = withdrawer.reverse(ref, 500)
    withdrawer.deliver(copies=2)
    assert (stored(ref).status, stored(ref).reversed_minor, withdrawer.left) == ("paid", 500, 3500)
    withdrawer.reverse(ref)
    withdrawer.deliver(shuffle=3)
    assert (stored(ref).status, stored(ref).reversed_minor, withdrawer.left) == ("reversed", 2000, 5000)
    assert count("transactions", "kind = 'withdrawal_reverse'") == 2
    assert count("transactions", "ref = :ref", ref=first) == 1
    assert count("mail_messages", "template = 'withdrawal_reversed'") == 2
    agreed()


def test_the_fee_stays_when_a_transfer_comes_back(withdrawer: Withdrawer, settings: dict[str, int]) -> None:
    settings["withdrawal_fee_basis_points"] = 500
    ref = withdrawer.withdraw(2000)
    withdrawer.reverse(ref)
    withdrawer.deliver()
    assert (stored(ref).status, withdrawer.left) == ("reversed", 5000 - 100)
    agreed()


def test_what_is_owed_is_repaid_first(withdrawer: Withdrawer) -> None:
    ref = withdrawer.withdraw(2000)
    withdrawer.owe(700)
    withdrawer.reverse(ref, 500)
    withdrawer.deliver()
    assert (withdrawer.left, withdrawer.stands.debt_usd) == (3000, 200)
    withdrawer.reverse(ref)
    withdrawer.deliver()
    assert (withdrawer.left, withdrawer.stands.debt_usd) == (4300, 0)
    agreed()


def test_without_any_event_stripes_book_tells_of_it(withdrawer: Withdrawer) -> None:
    ref = withdrawer.withdraw(2000)
    withdrawer.reverse(ref, 500)
    inprocess.deliveries(withdrawer.sandbox.app)
    agreed()
    assert (stored(ref).reversed_minor, withdrawer.left) == (500, 3500)


def test_a_reversal_may_be_heard_of_before_the_transfer_is_known_here(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_after")
    ref = withdrawer.withdraw(2000)
    [transfer] = withdrawer.transfers()
    withdrawer.sandbox.client.v1.transfers.reversals.create(transfer.id)
    withdrawer.deliver(shuffle=1)
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.left) == ("reversed", 5000)
    agreed()


def test_readings_in_any_order_end_in_the_same_state(withdrawer: Withdrawer) -> None:
    refs = [withdrawer.withdraw(1000, f"form-000{number}") for number in range(2)]
    readings = []
    for ref in refs:
        found = []
        for _ in range(3):
            connect = gateway().connect
            transfer_id = stored(ref).transfer_id or ""
            found.append((connect.get_transfer(transfer_id), connect.list_reversals(transfer_id)))
            if len(found) < 3:
                withdrawer.reverse(ref, 300)
        readings.append(found)
    for ref, found in zip(refs, readings, strict=True):
        order = list(itertools.permutations(found))[-1 if ref == refs[0] else 2]
        for transfer, reversals in order:
            with transaction() as session:
                follow(session, lock_withdrawal(session, ref), transfer, reversals, actor="test")
        assert (stored(ref).status, stored(ref).reversed_minor) == ("paid", 600)
    assert withdrawer.left == 5000 - 2000 + 1200
    withdrawer.deliver()
    assert withdrawer.left == 5000 - 2000 + 1200
    agreed()


def test_a_released_withdrawal_repays_what_came_to_be_owed(withdrawer: Withdrawer) -> None:
    with transaction() as session:
        session.execute(text("UPDATE payout_accounts SET transfers_active = true"))
    spare = int(withdrawer.sandbox.client.v1.balance.retrieve().available[0].amount)
    withdrawer.sandbox.client.v1.payouts.create({"amount": spare, "currency": "usd"})
    ref = withdrawer.withdraw("all")
    withdrawer.owe(700)
    withdrawer.cancel(ref)
    assert (withdrawer.left, withdrawer.stands.debt_usd) == (4300, 0)
