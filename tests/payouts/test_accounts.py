"""A connected account over its life: shown, changed, disconnected, and kept level with what Stripe says."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import clock, hooks, sweeps
from randonumber.database import transaction
from randonumber.failpoints import FailpointRaised, arm
from randonumber.inbox.dispatch import Dispatched, dispatch
from randonumber.payouts import account_jobs, account_wording
from randonumber.payouts.models import AccountType
from randonumber.payouts.service import accounts, disconnecting, oauth, onboarding
from randonumber.payouts.service.accounts import Reading
from randonumber.sandbox import inprocess
from randonumber.sandbox.inprocess_connect import onboard
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable
from randonumber.stripe_gateway.connect import Connect
from tests.auth.mailbox import messages
from tests.payouts.connecting import DEAUTHORIZE, Owner, answer_of, execute, new_owner, password_is_old, rows, said
from tests.people import bearer, make_key
from tests.stripe_fixtures import CONNECT_URL

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from randonumber.payouts.models import PayoutAccount
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

READ = "GET /v1/accounts/{account}"


@pytest.fixture
def owner(committed: Flask, sandbox: StripeSandbox) -> Owner:
    return new_owner(committed, sandbox)


@pytest.fixture
def stranger(committed: Flask, sandbox: StripeSandbox) -> Owner:
    return new_owner(committed, sandbox)


def reads(sandbox: StripeSandbox, account: PayoutAccount) -> int:
    return len(sandbox.sent(f"GET /v1/accounts/{account.stripe_account_id}"))


# The page


def test_without_an_account_the_three_ways_are_explained(owner: Owner) -> None:
    page = owner.page
    for words in ("Connect it at Stripe", "Set one up at Stripe", "Give your details to Stripe", "Standard", "Express"):
        assert words in page
    assert page.count('action="/payouts/onboarding"') == 2


def test_nobody_sees_the_account_of_another(owner: Owner, stranger: Owner, client: FlaskClient) -> None:
    account = owner.onboard()
    assert str(account.stripe_account_id) not in stranger.page
    assert "/login" in client.get("/payouts").headers["Location"]
    stranger.post("/payouts/disconnect", account=account.ref)
    assert owner.connected.id == account.id


def test_the_account_page_leads_to_it(owner: Owner) -> None:
    assert "Connect one" in owner.client.get("/account").text
    owner.onboard()
    assert "Your payout account" in owner.client.get("/account").text


def test_what_stripe_holds_an_account_for_is_said_in_words(owner: Owner) -> None:
    owner.onboard()
    execute(
        "UPDATE payout_accounts SET transfers_active = false, payouts_enabled = false, requirements = :wanted,"
        " disabled_reason = 'rejected.fraud'",
        wanted=json.dumps(["individual.dob.day", "individual.dob.month", "future.thing_nobody_knows", "<b>"]),
    )
    page = owner.page
    assert "suspicion of fraud" in page
    assert page.count("Your date of birth") == 1, "each thing once"
    assert "Future thing nobody knows" in page
    assert account_wording.STATES["waits"] in page


# Disconnecting and changing


def test_a_standard_account_is_let_go_of_at_stripe_and_then_here(owner: Owner, sandbox: StripeSandbox) -> None:
    account = owner.connect_standard()
    assert "We lose our access" in owner.page
    owner.disconnect()

    assert account_wording.DISCONNECTED["done"][1] in said(owner)
    [sent] = sandbox.sent(DEAUTHORIZE)
    assert str(account.stripe_account_id) in sent.body
    assert owner.account is None
    assert accounts.read(str(account.stripe_account_id)).found is None, "we have no access any more"
    assert account_wording.ENDINGS["user"] in owner.page
    [mail] = messages("security/payout_disconnected")
    assert mail.recipient == owner.person.email


@pytest.mark.parametrize("kind", ["express", "custom"])
def test_an_account_under_this_platform_is_let_go_of_here_alone(
    owner: Owner, sandbox: StripeSandbox, kind: str
) -> None:
    account = owner.onboard(kind)
    assert "what it holds is still paid out to your bank" in owner.page.lower()
    owner.disconnect()
    assert account_wording.DISCONNECTED["here_only"][1] in said(owner)
    assert owner.account is None
    assert sandbox.sent(DEAUTHORIZE) == []
    assert accounts.read(str(account.stripe_account_id)).found is not None


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500", "error_500_done", "error_429", "slow"])
def test_an_unknown_end_is_shown_and_asked_for_again(owner: Owner, sandbox: StripeSandbox, fault: str) -> None:
    account = owner.connect_standard()
    sandbox.fault(DEAUTHORIZE, fault, **({"seconds": 60} if fault == "slow" else {}))
    owner.disconnect()

    assert account_wording.DISCONNECTED["waits"][1] in said(owner)
    assert account_wording.STATES["disconnecting"] in owner.page
    with transaction() as session:
        assert accounts.standing(session, owner.person.id) is None, "nothing new is sent to it"
    assert owner.client.get("/payouts/oauth/start").headers["Location"] == "/payouts"
    assert messages("security/payout_disconnected") == []

    account_jobs.finish_disconnecting.func(timestamp=0)

    assert owner.account is None
    assert accounts.read(str(account.stripe_account_id)).found is None
    assert len(messages("security/payout_disconnected")) == 1


@pytest.mark.parametrize("point", ["after_disconnect_asked", "after_deauthorize"])
def test_after_a_crash_the_end_is_brought_about_by_the_job(owner: Owner, point: str) -> None:
    account = owner.connect_standard()
    arm({point: "raise"})
    with pytest.raises(FailpointRaised):
        owner.disconnect()
    assert owner.connected.disconnect_asked_at is not None
    account_jobs.finish_disconnecting.func(timestamp=0)
    assert owner.account is None
    assert accounts.read(str(account.stripe_account_id)).found is None


def test_a_connection_that_is_gone_at_stripe_already_is_ended_here(owner: Owner, sandbox: StripeSandbox) -> None:
    account = owner.connect_standard()
    sandbox.client.raw_request(
        "post", "/oauth/deauthorize", client_id="ca_sandbox", stripe_user_id=account.stripe_account_id, base="connect"
    )
    owner.disconnect()
    assert owner.account is None


def test_an_end_that_stripe_refuses_to_speak_of_stops_no_other(
    owner: Owner, stranger: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = owner.connect_standard(), stranger.connect_standard()
    execute("UPDATE payout_accounts SET disconnect_asked_at = now() - interval '1 hour' / id")
    ask = Connect.deauthorize

    def refused(self: Connect, *about: str) -> None:
        if bad.stripe_account_id in about:
            message = "not now"
            raise StripeRefused(message, code="strange")
        ask(self, *about)

    monkeypatch.setattr(Connect, "deauthorize", refused)
    monkeypatch.setattr(Connect, "get_account", refused)
    assert account_jobs.end_waiting() == 1
    assert (owner.account is None, stranger.account) == (False, None), good


def test_two_tabs_that_disconnect_at_once_end_it_once(owner: Owner, sandbox: StripeSandbox, committed: Flask) -> None:
    owner.connect_standard()

    def disconnect() -> str:
        with committed.app_context():
            return disconnecting.disconnect(owner.person.id)

    with ThreadPoolExecutor(4) as threads:
        found = {one.result() for one in [threads.submit(copy_context().run, disconnect) for _ in range(4)]}
    assert found <= {"done", "nothing"}
    assert owner.account is None
    assert len(messages("security/payout_disconnected")) == 1


def test_two_ways_at_once_make_one_account(owner: Owner, sandbox: StripeSandbox, committed: Flask) -> None:
    answer = answer_of(owner.consent(owner.start()))
    [(session_hash,)] = rows("SELECT session_hash FROM oauth_states")
    browser = oauth.Browser(user_id=owner.person.id, session_hash=bytes(session_hash))
    person = hooks.Person(user_id=owner.person.id, ref=owner.person.ref, email=owner.person.email)

    def by_oauth() -> object:
        with committed.app_context():
            return oauth.complete(browser, answer)

    def by_onboarding() -> object:
        with committed.app_context():
            return onboarding.start(person, AccountType.EXPRESS).is_other

    with ThreadPoolExecutor(2) as threads:
        ways = [threads.submit(copy_context().run, way) for way in (by_oauth, by_onboarding)]
        found = [way.result() for way in ways]
    assert found in (["connected", True], ["has_another", False])
    assert owner.connected.type == ("standard" if found[1] else "express")
    assert len(messages("security/payout_connected")) == 1


def test_a_wrong_client_id_does_not_pass_for_the_end(owner: Owner, committed: Flask) -> None:
    from dataclasses import replace

    owner.connect_standard()
    config = committed.extensions["config"]
    committed.extensions["config"] = replace(config, stripe_connect_client_id="ca_another")
    try:
        owner.disconnect()
        assert owner.connected.disconnect_asked_at is not None
    finally:
        committed.extensions["config"] = config
    account_jobs.finish_disconnecting.func(timestamp=0)
    assert owner.account is None


def test_an_account_is_disconnected_after_the_password_alone(owner: Owner) -> None:
    owner.onboard()
    password_is_old()
    assert owner.disconnect().headers["Location"] == "/verify?next=%2Fpayouts"
    assert owner.connected.disconnected_at is None


def test_the_button_of_an_old_page_lets_nothing_else_go(owner: Owner) -> None:
    first = owner.onboard()
    owner.disconnect()
    second = owner.onboard()
    owner.post("/payouts/disconnect", account=first.ref)
    assert account_wording.DISCONNECTED["nothing"][1] in said(owner)
    assert owner.connected.id == second.id


def test_an_account_that_is_being_made_cannot_be_let_go_of(owner: Owner, sandbox: StripeSandbox) -> None:
    sandbox.fault("POST /v1/accounts", "reset_after")
    owner.begin()
    owner.disconnect()
    assert account_wording.DISCONNECTED["being_made"][1] in said(owner)
    assert owner.account is not None


def test_the_first_account_keeps_nothing_waiting_and_another_does(owner: Owner) -> None:
    first = owner.onboard()
    assert (first.changed_at, accounts.waits_until(first, clock.now())) == (None, None)
    owner.disconnect()
    second = owner.connect_standard()

    assert second.changed_at is not None
    until = accounts.waits_until(second, clock.now())
    assert until is not None
    assert timedelta(hours=23, minutes=59) < until - clock.now() <= timedelta(hours=24)
    page = owner.page
    assert "withdrawals wait until" in page.lower()
    assert str(first.stripe_account_id) in page, "the earlier one is listed"
    [_, _, change] = messages()
    assert (change.template, change.subject) == ("security/payout_connected", "Your payout account was changed")
    assert "24 hours" in change.text_body


def test_the_very_same_account_goes_on_under_the_wait_it_had(owner: Owner) -> None:
    first = owner.connect_standard()
    owner.disconnect()
    again = owner.connect_standard(account=str(first.stripe_account_id))
    assert (again.stripe_account_id, again.changed_at) == (first.stripe_account_id, None)
    assert again.id != first.id

    owner.disconnect()
    other = owner.connect_standard()
    owner.disconnect()
    still = owner.connect_standard(account=str(other.stripe_account_id))
    assert still.changed_at == other.changed_at, "disconnecting and connecting is no way around the wait"
    owner.disconnect()
    back = owner.connect_standard(account=str(first.stripe_account_id))
    assert back.changed_at is not None
    assert other.changed_at is not None
    assert back.changed_at > other.changed_at, "the way back is a change, too"


# Events


@pytest.mark.pain(20)
def test_what_stripe_tells_of_an_account_is_read_again_and_kept(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    url = owner.begin().headers["Location"]
    onboard(sandbox.app, url)
    assert owner.connected.transfers_active is False

    assert "account.updated" in deliver_webhooks(copies=3, shuffle=1)

    account = owner.connected
    assert (account.transfers_active, account.payouts_enabled, account.requirements) == (True, True, [])
    assert account_wording.STATES["ready"] in owner.page


def test_an_older_reading_undoes_nothing(owner: Owner) -> None:
    account = owner.onboard(action="leave")
    old = accounts.read(str(account.stripe_account_id))
    onboard(owner.sandbox.app, owner.client.get("/payouts/onboarding/refresh").headers["Location"])
    accounts.refresh(account)
    with transaction() as session:
        accounts.keep(accounts.lock_account(session, account.id), old)
    assert owner.connected.transfers_active is True


@pytest.mark.pain(21)
def test_an_owner_who_ends_the_connection_at_stripe_is_believed_without_asking_the_account(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    account = owner.connect_standard()
    deliver_webhooks()
    before = reads(sandbox, account)
    sandbox.client.raw_request(
        "post", "/oauth/deauthorize", client_id="ca_sandbox", stripe_user_id=account.stripe_account_id, base="connect"
    )
    assert deliver_webhooks(copies=2, run=False) == ["account.application.deauthorized"] * 2
    [(event,)] = rows("SELECT id FROM inbox_events WHERE type = 'account.application.deauthorized'")
    assert dispatch(event) is Dispatched.CLOSED

    assert owner.account is None
    assert reads(sandbox, account) == before, "Stripe lets nobody read it any more"
    assert account_wording.ENDINGS["deauthorized"] in owner.page
    [mail] = messages("security/payout_disconnected")
    assert "ended the connection at Stripe" in mail.text_body
    assert rows("SELECT status FROM inbox_events WHERE type = 'account.application.deauthorized'") == [("done",)]


def test_our_own_disconnecting_is_told_once_whoever_comes_first(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.connect_standard()
    sandbox.fault(DEAUTHORIZE, "reset_after")
    owner.disconnect()
    deliver_webhooks()
    account_jobs.finish_disconnecting.func(timestamp=0)
    assert owner.account is None
    assert account_wording.ENDINGS["user"] in owner.page
    assert len(messages("security/payout_disconnected")) == 1


@pytest.mark.pain(21)
def test_the_end_of_an_earlier_connection_does_not_end_a_later_one(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    account = owner.connect_standard()
    owner.disconnect()
    execute("UPDATE payout_accounts SET connected_at = connected_at - interval '2 hours'")
    again = owner.connect_standard(account=str(account.stripe_account_id))
    execute("UPDATE payout_accounts SET connected_at = connected_at + interval '5 seconds' WHERE id = :id", id=again.id)

    deliver_webhooks(shuffle=3)

    assert owner.connected.id == again.id


def test_events_in_every_order_end_in_the_same_state(
    owner: Owner, sandbox: StripeSandbox, client: FlaskClient, run_jobs: RunJobs
) -> None:
    url = owner.begin().headers["Location"]
    onboard(sandbox.app, url, bank="none")
    onboard(sandbox.app, owner.client.get("/payouts/onboarding/refresh").headers["Location"])
    told = [one for one in inprocess.deliveries(sandbox.app) if one.url == CONNECT_URL]
    assert len(told) >= 2
    account = owner.connected
    expected = None
    for order in itertools.islice(itertools.permutations(told), 24):
        execute("DELETE FROM inbox_events")
        execute("UPDATE payout_accounts SET transfers_active = false, checked_at = NULL, requirements = '[]'")
        for one in order:
            assert client.post("/webhooks/stripe/connect", data=one.body, headers=one.headers).status_code == 200
        run_jobs()
        found = owner.connected
        state = (found.transfers_active, found.payouts_enabled, found.details_submitted, found.requirements)
        expected = expected or state
        assert state == expected == (True, True, True, [])
    assert owner.connected.id == account.id


def test_the_events_of_an_account_that_nobody_here_knows_are_ignored(
    sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, committed: Flask
) -> None:
    asked: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    made = sandbox.client.v1.accounts.create(asked)
    sandbox.client.v1.accounts.update(made.id, {"metadata": {"ref": "pac_stranger"}})
    deliver_webhooks()
    found = rows("SELECT DISTINCT status, reason FROM inbox_events WHERE stripe_account IS NOT NULL")
    assert found in ([], [("ignored", "an unknown account")])
    assert rows("SELECT 1 FROM payout_accounts") == []


def test_an_account_that_was_let_go_of_is_not_written_to(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    account = owner.onboard("custom")
    owner.disconnect()
    before = rows("SELECT * FROM payout_accounts")
    sandbox.client.v1.accounts.update(str(account.stripe_account_id), {"email": "new@example.com"})
    deliver_webhooks()
    assert rows("SELECT * FROM payout_accounts") == before


# What no event told


def test_the_sweep_reads_what_is_not_ready_or_was_not_read_for_a_day(owner: Owner, sandbox: StripeSandbox) -> None:
    url = owner.begin().headers["Location"]
    onboard(sandbox.app, url)
    account_jobs.sweep_accounts.func(timestamp=0)
    account = owner.connected
    assert account.transfers_active

    before = reads(sandbox, account)
    account_jobs.sweep_accounts.func(timestamp=0)
    assert reads(sandbox, account) == before, "what is ready is left alone for a day"
    execute("UPDATE payout_accounts SET checked_at = checked_at - interval '25 hours'")
    account_jobs.sweep_accounts.func(timestamp=0)
    assert reads(sandbox, account) == before + 1


def test_stripe_sync_brings_accounts_level(
    owner: Owner, stranger: Owner, sandbox: StripeSandbox, committed: Flask
) -> None:
    for one in (owner, stranger):
        url = one.begin().headers["Location"]
        onboard(sandbox.app, url)
    swept = dict(sweeps.registered(committed))
    assert swept["payout accounts"]() == 2
    assert swept["payout accounts"]() == 0
    assert owner.connected.transfers_active
    assert stranger.connected.transfers_active


def test_an_account_out_of_reach_is_marked_and_one_that_cannot_be_read_stops_no_other(
    owner: Owner, stranger: Owner, sandbox: StripeSandbox
) -> None:
    lost, good = owner.onboard(), stranger.onboard()
    sandbox.client.v1.accounts.delete(str(lost.stripe_account_id))
    execute("UPDATE payout_accounts SET checked_at = checked_at - interval '25 hours'")
    account_jobs.sweep_accounts.func(timestamp=0)

    assert (owner.connected.transfers_active, owner.connected.disabled_reason) == (False, accounts.ACCESS_LOST)
    assert account_wording.STATES["out_of_reach"] in owner.page
    assert stranger.connected.checked_at is not None
    assert stranger.connected.checked_at > clock.now() - timedelta(hours=1)
    assert good.transfers_active
    owner.disconnect()
    assert owner.account is None


def test_an_account_of_which_stripe_is_never_heard_holds_no_other_up(
    committed: Flask, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, other = (new_owner(committed, sandbox).onboard() for _ in range(2))
    execute("UPDATE payout_accounts SET checked_at = now() - interval '2 days', transfers_active = false")
    execute("UPDATE payout_accounts SET checked_at = now() - interval '3 days' WHERE id = :id", id=silent.id)
    ask = accounts.refresh

    def slow(account: PayoutAccount) -> PayoutAccount:
        if account.id == silent.id:
            reason = "no answer: ReadTimeout"
            raise StripeUnavailable(reason)
        return ask(account)

    monkeypatch.setattr(accounts, "refresh", slow)
    account_jobs.sweep_accounts.func(timestamp=0)
    found = {row.id: row.transfers_active for row in rows("SELECT id, transfers_active FROM payout_accounts")}
    assert found == {silent.id: False, other.id: True}


def test_a_sweep_without_stripe_is_put_off(owner: Owner, sandbox: StripeSandbox) -> None:
    account = owner.onboard()
    execute("UPDATE payout_accounts SET checked_at = checked_at - interval '25 hours'")
    sandbox.fault(READ, "reset_before")
    account_jobs.sweep_accounts.func(timestamp=0)
    assert owner.connected.transfers_active is True
    account_jobs.sweep_accounts.func(timestamp=0)
    assert owner.connected.checked_at is not None
    assert account.checked_at is not None
    assert owner.connected.checked_at > account.checked_at


def test_what_was_read_of_an_account_is_as_old_as_the_question(owner: Owner) -> None:
    account = owner.onboard()
    with transaction() as session:
        row = accounts.lock_account(session, account.id)
        accounts.keep(row, Reading(asked_at=clock.now() - timedelta(days=1), found=None))
    assert owner.connected.transfers_active is True


# Dashboards and the API


def test_each_kind_has_its_dashboard(owner: Owner, sandbox: StripeSandbox) -> None:
    assert owner.client.get("/payouts/dashboard").status_code == 404
    owner.connect_standard()
    assert owner.client.get("/payouts/dashboard").headers["Location"] == "http://127.0.0.1:5001/dashboard"
    owner.disconnect()
    express = owner.onboard("express")
    found = owner.client.get("/payouts/dashboard")
    assert found.status_code == 303
    assert found.headers["Location"].startswith(f"http://127.0.0.1:5001/express/{express.stripe_account_id}")
    owner.disconnect()
    owner.onboard("custom")
    assert owner.client.get("/payouts/dashboard").status_code == 404
    assert "/payouts/dashboard" not in owner.page


def test_the_dashboard_of_an_account_that_is_not_set_up_or_out_of_reach_is_a_sentence(
    owner: Owner, sandbox: StripeSandbox
) -> None:
    owner.onboard(action="leave")
    assert owner.client.get("/payouts/dashboard").headers["Location"] == "/payouts"
    assert "Finish setting it up" in said(owner)
    owner.onboard()
    sandbox.fault("POST /v1/accounts/{account}/login_links", "reset_before")
    assert owner.client.get("/payouts/dashboard").headers["Location"] == "/payouts"
    assert "does not answer" in said(owner)
    password_is_old()
    assert owner.client.get("/payouts/dashboard").headers["Location"] == "/verify?next=%2Fpayouts%2Fdashboard"


def test_the_api_shows_the_account_of_the_caller(owner: Owner, stranger: Owner, client: FlaskClient) -> None:
    key = bearer(make_key(owner.person))
    assert client.get("/api/v1/payout-account").status_code == 401
    missing = client.get("/api/v1/payout-account", headers=key)
    assert (missing.status_code, missing.get_json()["code"]) == (404, "not_found")

    account = owner.onboard(action="leave")
    found = client.get("/api/v1/payout-account", headers=key).get_json()
    assert found == {
        "account": account.stripe_account_id,
        "type": "express",
        "transfers_active": False,
        "payouts_enabled": False,
        "requirements": account.requirements,
    }
    assert "external_account" in found["requirements"]
    owner.onboard()
    assert client.get("/api/v1/payout-account", headers=key).get_json()["requirements"] == []
    others = bearer(make_key(stranger.person))
    assert client.get("/api/v1/payout-account", headers=others).status_code == 404
    draws_alone = bearer(make_key(owner.person, ("draw",)))
    assert client.get("/api/v1/payout-account", headers=draws_alone).status_code == 403
