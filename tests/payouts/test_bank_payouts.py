"""Payouts of a connected account to its owner's bank are shown as they go, with the bank's reason when one fails."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.database import transaction
from randonumber.payouts import account_jobs, account_wording
from randonumber.payouts.service import bank_payouts
from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.funds import payout_ends
from randonumber.sandbox.scope import unit
from randonumber.stripe_gateway import gateway
from tests.payouts.connecting import Owner, execute, new_owner, rows
from tests.stripe_fixtures import CONNECT_URL

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from randonumber.stripe_gateway.connect import Payout
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

DAY = 24 * 3600
CLOSED = "000111111113"
FUNDS: Any = {
    "amount": 20000,
    "currency": "usd",
    "payment_method": "pm_card_bypassPending",
    "confirm": True,
    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
}


@pytest.fixture
def owner(committed: Flask, sandbox: StripeSandbox) -> Owner:
    return new_owner(committed, sandbox)


def pay_out(owner: Owner, amount: int = 2000) -> str:
    """Let money of Stripe's own making arrive in the owner's account, and be paid out to the bank."""
    there = str(owner.connected.stripe_account_id)
    owner.sandbox.client.v1.payment_intents.create(FUNDS)
    owner.sandbox.client.v1.transfers.create({"amount": amount, "currency": "usd", "destination": there})
    payout = owner.sandbox.client.v1.payouts.create({"amount": amount, "currency": "usd"}, {"stripe_account": there})
    return payout.id


def fail_at_bank(owner: Owner, payout_id: str, code: str = "account_closed") -> None:
    sandbox = inprocess.sandbox_of(owner.sandbox.app)
    with unit(sandbox, str(owner.connected.stripe_account_id)) as scope:
        payout_ends.fail(scope, payout_id, code)


def stored(payout_id: str) -> Any:
    [row] = rows(
        "SELECT status, failure_code, amount_minor, currency, user_id FROM connected_payouts"
        " WHERE stripe_payout_id = :id",
        id=payout_id,
    )
    return row


def test_a_payout_is_shown_as_it_goes(owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> None:
    owner.onboard()
    assert "No payouts yet" in owner.page
    payout_id = pay_out(owner)
    deliver_webhooks(copies=2, shuffle=1)
    assert tuple(stored(payout_id)) == ("pending", None, 2000, "usd", owner.person.id)
    page = owner.page
    assert "$20.00" in page
    assert "pending" in page

    sandbox.advance(3 * DAY)
    deliver_webhooks()
    assert stored(payout_id).status == "paid"


def test_a_bank_that_sends_money_back_after_it_counted_as_paid_is_believed(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.onboard()
    payout_id = pay_out(owner)
    sandbox.advance(3 * DAY)
    deliver_webhooks()
    assert stored(payout_id).status == "paid"

    fail_at_bank(owner, payout_id, "no_account")
    assert "payout.failed" in deliver_webhooks(copies=2)
    deliver_webhooks()
    [(subject,)] = rows("SELECT subject FROM mail_messages WHERE template = 'payout_failed'")
    assert subject == "Your bank sent a payout of $20.00 back"

    assert (stored(payout_id).status, stored(payout_id).failure_code) == ("failed", "no_account")
    page = owner.page
    assert "The bank knows no account with this number." in page
    assert "The money is back in your Stripe account." in page
    assert "Stripe then pays out again" in page


def test_a_payout_to_a_closed_bank_account_fails_with_its_reason(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.onboard(account_number=CLOSED)
    payout_id = pay_out(owner)
    sandbox.advance(3 * DAY)
    deliver_webhooks(shuffle=7)
    assert stored(payout_id).status == "failed"
    assert "The bank account is closed." in owner.page


def test_the_events_of_a_payout_in_every_order_end_in_the_same_state(
    owner: Owner, sandbox: StripeSandbox, client: FlaskClient, run_jobs: RunJobs
) -> None:
    owner.onboard()
    payout_id = pay_out(owner)
    sandbox.advance(3 * DAY)
    inprocess.deliveries(sandbox.app, acknowledge=False)
    fail_at_bank(owner, payout_id)
    told = [one for one in inprocess.deliveries(sandbox.app) if one.url == CONNECT_URL and b'"payout.' in one.body]
    assert len(told) >= 3
    for order in itertools.islice(itertools.permutations(told), 12):
        execute("DELETE FROM inbox_events")
        execute("DELETE FROM connected_payouts")
        for one in order:
            assert client.post("/webhooks/stripe/connect", data=one.body, headers=one.headers).status_code == 200
        run_jobs()
        assert stored(payout_id).status == "failed"


def test_an_older_reading_does_not_bring_a_payout_back(owner: Owner, sandbox: StripeSandbox) -> None:
    account = owner.onboard()
    there = str(account.stripe_account_id)
    payout_id = pay_out(owner)
    readings: list[Payout] = [gateway().connect.get_payout(payout_id, there)]
    sandbox.advance(3 * DAY)
    readings.append(gateway().connect.get_payout(payout_id, there))
    fail_at_bank(owner, payout_id)
    readings.append(gateway().connect.get_payout(payout_id, there))
    assert [one.status for one in readings] == ["pending", "paid", "failed"]

    for order in itertools.permutations(readings):
        execute("DELETE FROM connected_payouts")
        for one in order:
            with transaction() as session:
                bank_payouts.keep(session, there, [one])
        assert stored(payout_id).status == "failed"


def test_without_any_event_the_sweep_shows_the_payout(owner: Owner, sandbox: StripeSandbox) -> None:
    owner.onboard()
    payout_id = pay_out(owner)
    assert account_jobs.sweep_all() == 1
    assert stored(payout_id).status == "pending"
    sandbox.advance(3 * DAY)
    assert account_jobs.sweep_all() == 1
    assert account_jobs.sweep_all() == 0
    assert stored(payout_id).status == "paid"


def test_payouts_from_an_account_that_was_let_go_of_are_still_shown(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.onboard()
    payout_id = pay_out(owner)
    deliver_webhooks()
    owner.disconnect()
    sandbox.advance(3 * DAY)
    deliver_webhooks()
    assert stored(payout_id).status == "paid"
    assert "$20.00" in owner.page


def test_a_payout_of_an_account_that_we_may_not_see_any_more_is_none_of_ours(
    owner: Owner, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    owner.onboard()
    pay_out(owner)
    waiting = [one for one in inprocess.deliveries(sandbox.app) if one.url == CONNECT_URL]
    assert waiting
    sandbox.reset()
    for one in waiting:
        answer = owner.client.post("/webhooks/stripe/connect", data=one.body, headers=one.headers)
        assert answer.status_code == 200
    run_jobs()
    found = rows("SELECT DISTINCT status FROM inbox_events WHERE type LIKE 'payout.%'")
    assert [one.status for one in found] == ["ignored"], "and it is not tried for ever"


def test_nobody_sees_the_payouts_of_another(
    owner: Owner, committed: Flask, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.onboard()
    pay_out(owner)
    deliver_webhooks()
    stranger = new_owner(committed, sandbox)
    stranger.onboard()
    assert "$20.00" not in stranger.page


@pytest.mark.parametrize("code", ["account_closed", "something_new", None])
def test_every_reason_of_a_bank_is_a_sentence(code: str | None) -> None:
    words = account_wording.bank_reason(code)
    assert words.endswith(".")
    assert "_" not in words
