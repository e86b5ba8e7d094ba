"""Why not: every reason at once, each with a sentence that says what to do, and until when it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.database import transaction
from randonumber.ledger import Move, accounts
from randonumber.payouts.service.withdrawals.destination import Look
from randonumber.payouts.service.withdrawals.reasons import NotWithdrawable, Reason, fee_of, reasons
from tests.payouts.withdrawers import change, count, post, stored

if TYPE_CHECKING:
    from randonumber.payouts.service.withdrawals.reasons import Asked
    from tests.payouts.conftest import Settings
    from tests.payouts.withdrawers import Withdrawer


def against(withdrawer: Withdrawer, asked: Asked = 2000, *, is_fresh: bool = True) -> list[Reason]:
    with transaction() as session:
        return reasons(session, withdrawer.person.id, asked, clock.now(), is_fresh=is_fresh)


def codes(withdrawer: Withdrawer, asked: Asked = 2000) -> list[str]:
    return [reason.code for reason in against(withdrawer, asked)]


def run(statement: str) -> None:
    with transaction() as session:
        session.execute(text(statement))


def test_nothing_stands_against_what_can_be_done(withdrawer: Withdrawer) -> None:
    assert [codes(withdrawer, asked) for asked in (1000, 5000, "all")] == [[], [], []]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (999, ["below_minimum"]),
        (1, ["below_minimum"]),
        (5001, ["insufficient_funds"]),
        (10**14, ["insufficient_funds"]),
    ],
)
def test_the_amount_fits_the_wallet_and_the_minimum(withdrawer: Withdrawer, asked: int, expected: list[str]) -> None:
    assert codes(withdrawer, asked) == expected


def test_all_of_little_or_nothing(withdrawer: Withdrawer) -> None:
    withdrawer.withdraw(4500)
    assert codes(withdrawer, "all") == ["below_minimum"]
    post(
        withdrawer.person, Move(source=accounts.wallet(withdrawer.person.id), destination=accounts.OPENING, amount=500)
    )
    assert codes(withdrawer, "all") == ["below_minimum", "insufficient_funds"]


def test_a_fee_that_takes_all_leaves_nothing_to_send(withdrawer: Withdrawer, settings: Settings) -> None:
    settings["withdrawal_fee_basis_points"] = 10_000
    assert codes(withdrawer) == ["below_minimum"]
    settings["withdrawal_fee_basis_points"] = 50
    assert [fee_of(amount) for amount in (99, 100, 299, 300)] == [0, 1, 1, 2], "half a cent is rounded up"


def test_an_account_is_needed_that_takes_transfers(withdrawer: Withdrawer) -> None:
    change(transfers_active=False)
    assert codes(withdrawer) == ["account_not_ready"]
    change(disconnect_asked_at=clock.now())
    assert codes(withdrawer) == ["no_payout_account"]
    run("UPDATE payout_accounts SET disconnected_at = now(), disconnect_reason = 'user'")
    assert codes(withdrawer) == ["no_payout_account"]


def test_a_changed_account_waits_for_a_day_and_says_until_when(withdrawer: Withdrawer) -> None:
    changed_at = clock.now() - timedelta(hours=23)
    change(changed_at=changed_at)
    [reason] = against(withdrawer)
    assert (reason.code, reason.until) == ("account_changed_recently", changed_at + timedelta(hours=24))
    change(changed_at=clock.now() - timedelta(hours=24))
    assert codes(withdrawer) == []


def test_what_is_owed_comes_first(withdrawer: Withdrawer) -> None:
    withdrawer.owe(250)
    [reason] = against(withdrawer)
    assert (reason.code, "$2.50" in reason.message) == ("debt", True)


def test_owed_credits_bar_too(withdrawer: Withdrawer) -> None:
    debt = accounts.credit_debt(withdrawer.person.id)
    post(withdrawer.person, Move(source=debt, destination=accounts.CREDITS_REVOKED, amount=4))
    [reason] = against(withdrawer)
    assert (reason.code, "4 credits" in reason.message) == ("debt", True)


def test_so_many_within_24_hours_and_what_moved_nothing_does_not_count(
    withdrawer: Withdrawer, settings: Settings
) -> None:
    settings["withdrawals_per_day"] = 2
    first = withdrawer.withdraw(1000, "form-0001")
    withdrawer.withdraw(1000, "form-0002")
    [reason] = against(withdrawer, 1000)
    assert (reason.code, reason.until) == ("daily_limit", stored(first).created_at + timedelta(hours=24))
    run("UPDATE withdrawals SET created_at = created_at - interval '24 hours' WHERE form_ref = 'form-0001'")
    assert codes(withdrawer, 1000) == []
    withdrawer.sandbox.client.v1.accounts.update(
        withdrawer.account, {"capabilities": {"transfers": {"requested": False}}}
    )
    assert stored(withdrawer.withdraw(1000, "form-0003")).status == "failed"
    assert codes(withdrawer, 1000) == []


def test_the_number_can_be_nought(withdrawer: Withdrawer, settings: Settings) -> None:
    settings["withdrawals_per_day"] = 0
    assert codes(withdrawer) == ["daily_limit"]


def test_broken_books_and_a_barred_user_bar(withdrawer: Withdrawer) -> None:
    run("INSERT INTO broken_invariants VALUES ('A01', 'a title', 1, now(), now())")
    assert codes(withdrawer) == ["barred"]
    run("DELETE FROM broken_invariants")
    assert codes(withdrawer) == []
    run("UPDATE users SET active = false")
    assert codes(withdrawer) == ["barred"]


def test_every_reason_is_said_at_once_and_nothing_is_left(withdrawer: Withdrawer, settings: Settings) -> None:
    settings["withdrawals_per_day"] = 0
    withdrawer.owe(100)
    change(transfers_active=False, changed_at=clock.now())
    run("UPDATE users SET active = false")
    with pytest.raises(NotWithdrawable) as refusal:
        withdrawer.withdraw(6000, is_fresh=False)
    assert [reason.code for reason in refusal.value.reasons] == [
        "account_not_ready",
        "account_changed_recently",
        "insufficient_funds",
        "debt",
        "daily_limit",
        "barred",
        "reauthentication_required",
    ]
    assert all(reason.message.endswith(".") for reason in refusal.value.reasons)
    assert (count("withdrawals"), count("stripe_calls"), withdrawer.left) == (0, 0, 5000)


def test_a_reading_of_another_account_says_nothing_of_this_one(withdrawer: Withdrawer) -> None:
    with transaction() as session:
        look = Look(stripe_account_id="acct_another", trouble="It is below zero.")
        assert reasons(session, withdrawer.person.id, 2000, clock.now(), look=look) == []
