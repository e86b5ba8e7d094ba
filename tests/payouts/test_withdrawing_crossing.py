"""A withdrawal crosses what happens elsewhere: a dispute of the money, an account that is let go or closed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.payouts.service import accounts
from randonumber.payouts.service.withdrawals.reasons import NotWithdrawable
from tests.credits.bank import Bank
from tests.payouts.connecting import DEAUTHORIZE, Owner, signed_in
from tests.payouts.test_withdrawing_faults import until_it_ends
from tests.payouts.withdrawers import CREATE, Withdrawer, agreed, bring_funds, change, count, make_withdrawer, stored
from tests.wallet.conftest import Purse

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


@pytest.fixture
def poor(sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs) -> Withdrawer:
    """Somebody with an account and an empty wallet."""
    return make_withdrawer(sandbox, deliver_webhooks, run_jobs)


@pytest.fixture
def purse(poor: Withdrawer) -> Purse:
    """The same person's wallet, that is topped up by card."""
    bank = Bank(sandbox=poor.sandbox)
    return Purse(person=poor.person, sandbox=poor.sandbox, deliver=poor.deliver, run=poor.run, bank=bank)


@pytest.fixture
def standard(
    committed: Flask, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> tuple[Withdrawer, Owner]:
    """Somebody with 50.00 who has connected an account of their own by OAuth."""
    someone = make_withdrawer(sandbox, deliver_webhooks, run_jobs, 5000)
    with transaction() as session:
        session.delete(accounts.lock_current(session, someone.person.id))
    owner = Owner(person=someone.person, client=signed_in(committed, someone.person), sandbox=sandbox)
    account = owner.connect_standard().stripe_account_id
    assert account is not None
    change(transfers_active=True, changed_at=None)
    return replace(someone, account=account), owner


@pytest.mark.parametrize("way", ["dispute", "refund"])
def test_money_that_is_taken_back_after_it_was_withdrawn_is_owed(poor: Withdrawer, purse: Purse, way: str) -> None:
    topup = purse.top_up(5000)
    purse.arrives()
    ref = poor.withdraw(4000)
    take_back(purse, topup, way)
    assert (poor.left, poor.stands.debt_usd, stored(ref).status) == (0, 4000, "paid")
    with pytest.raises(NotWithdrawable) as refusal:
        poor.withdraw(1000, "form-0002")
    assert {"debt", "insufficient_funds"} <= {reason.code for reason in refusal.value.reasons}
    agreed()


@pytest.mark.parametrize("way", ["dispute", "refund"])
def test_money_that_is_taken_back_before_cannot_be_withdrawn(poor: Withdrawer, purse: Purse, way: str) -> None:
    topup = purse.top_up(5000)
    purse.arrives()
    take_back(purse, topup, way)
    with pytest.raises(NotWithdrawable) as refusal:
        poor.withdraw(4000)
    assert [reason.code for reason in refusal.value.reasons] == ["insufficient_funds"]
    assert (count("withdrawals"), poor.left, poor.stands.debt_usd) == (0, 0, 0)
    agreed()


def test_a_dispute_while_the_outcome_is_unknown_changes_nothing_of_the_transfer(poor: Withdrawer, purse: Purse) -> None:
    topup = purse.top_up(5000)
    purse.arrives()
    bring_funds(poor.sandbox, 5000)
    poor.sandbox.fault(CREATE, "reset_after")
    ref = poor.withdraw(4000)
    purse.dispute(topup)
    poor.deliver()
    until_it_ends(poor, ref)
    assert (stored(ref).status, poor.left, poor.stands.debt_usd) == ("paid", 0, 4000)
    agreed()


def test_money_that_waits_for_funds_while_a_debt_comes_does_not_leave(withdrawer: Withdrawer) -> None:
    ref = waiting(withdrawer)
    withdrawer.owe(500)
    bring_funds(withdrawer.sandbox, 5000)
    until_it_ends(withdrawer, ref)
    assert (stored(ref).status, withdrawer.left, withdrawer.stands.debt_usd) == ("failed", 4500, 0)
    assert "You owe $5.00" in (stored(ref).reason or "")
    assert withdrawer.transfers() == []
    agreed()


def test_money_that_waits_for_funds_does_not_leave_for_somebody_who_was_barred_meanwhile(
    withdrawer: Withdrawer,
) -> None:
    ref = waiting(withdrawer)
    with transaction() as session:
        session.execute(text("UPDATE users SET active = false"))
    bring_funds(withdrawer.sandbox, 5000)
    until_it_ends(withdrawer, ref)
    assert (stored(ref).status, withdrawer.left, withdrawer.transfers()) == ("failed", 5000, [])
    agreed()


def test_money_that_waits_for_funds_stays_while_the_books_are_broken(withdrawer: Withdrawer) -> None:
    ref = waiting(withdrawer)
    with transaction() as session:
        session.execute(text("INSERT INTO broken_invariants VALUES ('A01', 'a title', 1, now(), now())"))
    bring_funds(withdrawer.sandbox, 5000)
    withdrawer.run(early=True)
    assert (stored(ref).status, withdrawer.transfers()) == ("held", [])
    with transaction() as session:
        session.execute(text("DELETE FROM broken_invariants"))
    until_it_ends(withdrawer, ref)
    assert (stored(ref).status, withdrawer.received()) == ("paid", 2000)
    agreed()


def waiting(withdrawer: Withdrawer) -> str:
    """A withdrawal for which Stripe has not the funds."""
    spare = int(withdrawer.sandbox.client.v1.balance.retrieve().available[0].amount)
    withdrawer.sandbox.client.v1.payouts.create({"amount": spare, "currency": "usd"})
    ref = withdrawer.withdraw(2000)
    assert stored(ref).status == "held"
    return ref


def test_what_stripe_then_refuses_repays_the_debt_that_came_meanwhile(poor: Withdrawer, purse: Purse) -> None:
    topup = purse.top_up(5000)
    purse.arrives()
    bring_funds(poor.sandbox, 5000)
    poor.sandbox.fault(CREATE, "reset_before")
    ref = poor.withdraw(4000)
    poor.sandbox.client.v1.accounts.update(poor.account, {"capabilities": {"transfers": {"requested": False}}})
    purse.dispute(topup)
    poor.deliver()
    until_it_ends(poor, ref)
    assert (stored(ref).status, poor.left, poor.stands.debt_usd) == ("failed", 0, 0)
    agreed()


def test_an_account_that_lets_us_go_while_the_money_waits_gives_it_back(
    standard: tuple[Withdrawer, Owner],
) -> None:
    someone, _ = standard
    someone.sandbox.fault(CREATE, "reset_before")
    ref = someone.withdraw(2000)
    let_go(someone)
    until_it_ends(someone, ref)
    assert (stored(ref).status, someone.left) == ("failed", 5000)
    assert "Connect it again" in (stored(ref).reason or "")
    assert count("mail_messages", "template = 'withdrawal_failed'") == 1
    agreed()


def test_an_account_that_lets_us_go_while_the_outcome_is_unknown_is_resolved_first(
    standard: tuple[Withdrawer, Owner],
) -> None:
    someone, _ = standard
    someone.sandbox.fault(CREATE, "reset_after")
    ref = someone.withdraw(2000)
    let_go(someone)
    until_it_ends(someone, ref)
    assert (stored(ref).status, someone.left) == ("paid", 3000), "Stripe had made it"
    agreed()


def test_disconnecting_here_leaves_what_is_under_way_alone(standard: tuple[Withdrawer, Owner]) -> None:
    someone, owner = standard
    someone.sandbox.fault(CREATE, "reset_before")
    someone.sandbox.fault(DEAUTHORIZE, "reset_before", rate=1)
    ref = someone.withdraw(2000)
    owner.disconnect()
    with pytest.raises(NotWithdrawable):
        someone.withdraw(1000, "form-0002")
    someone.run(early=True, may_fail=True)
    assert (stored(ref).status, stored(ref).stripe_account_id) == ("paid", someone.account)


def test_an_account_that_pays_no_bank_is_paid_all_the_same(withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_before")
    ref = withdrawer.withdraw(2000)
    change(payouts_enabled=False, transfers_active=False)
    until_it_ends(withdrawer, ref)
    assert (stored(ref).status, withdrawer.received()) == ("paid", 2000), "Stripe says whether it can go there"


def take_back(purse: Purse, topup: str, way: str) -> None:
    if way == "dispute":
        purse.dispute(topup)
    else:
        purse.refund(topup, 5000)
    purse.deliver()


def let_go(someone: Withdrawer) -> None:
    """End the connection at Stripe, as the account's owner does, and tell."""
    oauth = someone.sandbox.client.oauth
    oauth.deauthorize({"stripe_user_id": someone.account, "client_id": "ca_sandbox"})
    someone.deliver()
