"""A Standard account is connected by its owner's consent, in the browser that began it, once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from randonumber.failpoints import FailpointRaised, arm
from randonumber.payouts import account_wording
from randonumber.payouts.service import oauth
from randonumber.stripe_gateway.connect import Connect, Grant
from tests.auth.mailbox import messages
from tests.payouts.connecting import TOKEN, Owner, answer_of, execute, new_owner, password_is_old, rows, said
from tests.people import sign_in, submit

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox

CALLBACK = "/payouts/oauth/callback"


@pytest.fixture
def owner(committed: Flask, sandbox: StripeSandbox) -> Owner:
    return new_owner(committed, sandbox)


@pytest.fixture
def stranger(committed: Flask, sandbox: StripeSandbox) -> Owner:
    return new_owner(committed, sandbox)


def test_consent_connects_the_account_as_stripe_describes_it(owner: Owner) -> None:
    asked = urlsplit(owner.start())
    params = dict(parse_qsl(asked.query))
    state = params.pop("state")

    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == "http://127.0.0.1:5001/oauth/authorize"
    assert params == {
        "response_type": "code",
        "client_id": "ca_sandbox",
        "scope": "read_write",
        "redirect_uri": "http://127.0.0.1:5000/payouts/oauth/callback",
        "stripe_user[email]": owner.person.email,
    }
    assert len(state) >= 43, "256 bits"

    answer = owner.come_back(owner.consent(asked.geturl()))
    account = owner.connected
    assert answer.headers["Location"] == "/payouts", "the code stays in no address"
    assert (account.type, account.transfers_active, account.payouts_enabled) == ("standard", True, True)
    assert (account.requirements, account.livemode, account.changed_at) == ([], False, None)
    assert account.checked_at is not None
    page = owner.page
    assert f'<code id="payout-account">{account.stripe_account_id}</code>' in page
    assert account_wording.STATES["ready"] in page
    [mail] = messages("security/payout_connected")
    assert (mail.recipient, mail.subject) == (owner.person.email, "A payout account was connected")
    assert str(account.stripe_account_id) in mail.text_body


def test_neither_tokens_nor_the_state_are_kept_anywhere(owner: Owner, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    url = owner.start()
    state = dict(parse_qsl(urlsplit(url).query))["state"]
    back = owner.consent(url)
    owner.come_back(back)

    tables = [name for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    kept = " ".join(str(row) for table in tables for row in rows(f'SELECT t::text FROM "{table}" t'))  # noqa: S608
    logged = " ".join(str(vars(record)) for record in caplog.records if record.name.startswith("randonumber"))
    for secret in (state, answer_of(back)["code"]):
        assert secret not in kept
        assert secret not in logged
    assert not re.search(r"sk_test_51|rt_[A-Za-z0-9]{20}", kept + logged)


def no_state(_owner: Owner, _stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    return {"code": answer["code"]}


def wrong_state(_owner: Owner, _stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    return {**answer, "state": "x" * 43}


def hostile_state(_owner: Owner, _stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    return {**answer, "state": "\x00\ud800'" + "ä" * 5000}


def old_state(_owner: Owner, _stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    execute("UPDATE oauth_states SET created_at = created_at - interval '10 minutes 1 second'")
    return answer


def state_of_another_user(_owner: Owner, stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    return {**answer, "state": dict(parse_qsl(urlsplit(stranger.start()).query))["state"]}


def state_of_another_session(owner: Owner, _stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    elsewhere = owner.another_browser()
    return {**answer, "state": dict(parse_qsl(urlsplit(elsewhere.start()).query))["state"]}


def state_of_an_ended_session(owner: Owner, _stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    submit(owner.client, "/logout", "/")
    sign_in(owner.client, owner.person)
    return answer


def used_state(owner: Owner, _stranger: Owner, answer: dict[str, str]) -> dict[str, str]:
    owner.client.get(CALLBACK, query_string={"error": "access_denied", "state": answer["state"]})
    return answer


FORGED = (
    no_state,
    wrong_state,
    hostile_state,
    old_state,
    state_of_another_user,
    state_of_another_session,
    state_of_an_ended_session,
    used_state,
)


@pytest.mark.asvs("10.2.1")
@pytest.mark.pain(21)
@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__)
def test_an_answer_without_a_state_of_this_browser_connects_nothing(
    owner: Owner, stranger: Owner, sandbox: StripeSandbox, forge: Callable[..., dict[str, str]]
) -> None:
    answer = forge(owner, stranger, answer_of(owner.consent(owner.start())))

    found = owner.client.get(CALLBACK, query_string={k: v.encode(errors="replace") for k, v in answer.items()})

    assert (found.status_code, found.headers["Location"]) == (303, "/payouts")
    assert account_wording.OAUTH["wrong_state"][1] in said(owner)
    assert owner.account is None
    assert stranger.account is None
    assert sandbox.sent(TOKEN) == [], "a code that nobody can vouch for is not even shown to Stripe"
    assert messages() == []


def test_an_attackers_own_answer_does_not_link_his_account_to_the_victims_wallet(owner: Owner, stranger: Owner) -> None:
    theirs = stranger.consent(stranger.start())
    owner.come_back(theirs)
    assert owner.account is None
    assert stranger.account is None


def test_the_same_answer_twice_connects_once_and_does_no_harm(owner: Owner, sandbox: StripeSandbox) -> None:
    back = owner.consent(owner.start())
    owner.come_back(back)
    account = owner.connected
    owner.come_back(back)

    assert len(sandbox.sent(TOKEN)) == 1, "a second exchange would revoke the first"
    assert owner.connected.id == account.id
    assert len(messages("security/payout_connected")) == 1


def test_the_same_answer_from_two_tabs_at_once_connects_once(
    owner: Owner, sandbox: StripeSandbox, committed: Flask
) -> None:
    answer = answer_of(owner.consent(owner.start()))
    [(session_hash,)] = rows("SELECT session_hash FROM oauth_states")
    browser = oauth.Browser(user_id=owner.person.id, session_hash=bytes(session_hash))

    def complete() -> oauth.Outcome:
        with committed.app_context():
            return oauth.complete(browser, answer)

    with ThreadPoolExecutor(4) as threads:
        outcomes = [one.result() for one in [threads.submit(copy_context().run, complete) for _ in range(4)]]
    assert sorted(outcomes) == ["connected", "wrong_state", "wrong_state", "wrong_state"]
    assert len(sandbox.sent(TOKEN)) == 1


@pytest.mark.parametrize("with_state", [True, False])
def test_saying_no_at_stripe_is_understood_with_and_without_a_state(owner: Owner, *, with_state: bool) -> None:
    answer = answer_of(owner.consent(owner.start(), "deny"))
    if not with_state:
        del answer["state"]
    owner.client.get(CALLBACK, query_string=answer)
    assert account_wording.OAUTH["denied"][1] in said(owner)
    assert owner.account is None
    owner.connect_standard()


def test_an_error_of_stripes_own_is_said_in_our_words(owner: Owner) -> None:
    owner.client.get(CALLBACK, query_string={"error": "invalid_scope", "error_description": "<b>evil</b>"})
    page = owner.client.get("/payouts").text
    assert account_wording.OAUTH["failed"][1] in page
    assert "evil" not in page


@pytest.mark.parametrize(
    "ahead",
    [{"method": "HEAD"}, {"headers": {"Sec-Purpose": "prefetch;prerender"}}, {"headers": {"Purpose": "prefetch"}}],
)
def test_a_browser_that_only_looks_ahead_uses_nothing_up(owner: Owner, sandbox: StripeSandbox, ahead: Any) -> None:
    back = owner.consent(owner.start())
    answer = owner.client.open(back, **{"method": "GET", **ahead})
    assert answer.status_code == 204
    assert sandbox.sent(TOKEN) == []
    owner.come_back(back)
    assert owner.connected.type == "standard"


@pytest.mark.parametrize("code", ["", "ac_none", "x' OR 1=1", "\x00", "a" * 9999])
def test_a_code_that_stripe_does_not_know_connects_nothing(owner: Owner, code: str) -> None:
    state = answer_of(owner.consent(owner.start()))["state"]
    found = owner.client.get(CALLBACK, query_string={"state": state, "code": code})
    assert found.status_code == 303
    assert account_wording.OAUTH["code_refused"][1] in said(owner)
    assert owner.account is None


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500", "error_500_done", "error_429"])
def test_after_an_unknown_exchange_nothing_is_linked_by_guess_and_a_new_way_works(
    owner: Owner, sandbox: StripeSandbox, fault: str
) -> None:
    back = owner.consent(owner.start())
    sandbox.fault(TOKEN, fault)
    owner.come_back(back)
    assert account_wording.OAUTH["unknown"][1] in said(owner)
    assert owner.account is None
    owner.come_back(back)
    assert len(sandbox.sent(TOKEN)) == 1, "a code is good once: it is not tried again"

    known = [one.id for one in sandbox.client.v1.accounts.list({"limit": 9}).data]
    account = owner.connect_standard(**({"account": known[0]} if known else {}))
    assert account.transfers_active


@pytest.mark.parametrize("point", ["after_oauth_state", "after_oauth_exchange"])
def test_after_a_crash_on_the_way_the_owner_begins_anew(owner: Owner, point: str) -> None:
    back = owner.consent(owner.start())
    arm({point: "raise"})
    with pytest.raises(FailpointRaised):
        owner.client.get(back)
    assert owner.account is None
    owner.connect_standard()


def test_a_grant_holds_when_the_account_cannot_be_read_at_once(
    owner: Owner, sandbox: StripeSandbox, run_jobs: Any
) -> None:
    from randonumber.payouts import account_jobs

    sandbox.fault("GET /v1/accounts/{account}", "reset_before")
    account = owner.connect_standard()
    assert (account.checked_at, account.transfers_active) == (None, False)
    assert account_wording.STATES["unread"] in owner.page

    account_jobs.sweep_accounts.func(timestamp=0)
    assert owner.connected.transfers_active


def test_a_grant_of_the_other_mode_is_refused(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    back = owner.consent(owner.start())
    exchange = Connect.exchange

    def live(self: Connect, code: str) -> Grant:
        return replace(exchange(self, code), livemode=True)

    monkeypatch.setattr(Connect, "exchange", live)
    owner.come_back(back)
    assert owner.account is None
    assert account_wording.OAUTH["wrong_mode"][1] in said(owner)


def test_an_account_that_is_anothers_is_refused_and_stays_theirs(owner: Owner, stranger: Owner) -> None:
    theirs = stranger.connect_standard()
    owner.come_back(owner.consent(owner.start(), account=str(theirs.stripe_account_id)))

    assert account_wording.OAUTH["other_user"][1] in said(owner)
    assert owner.account is None
    assert stranger.connected.id == theirs.id
    assert str(theirs.stripe_account_id) not in owner.page


def test_of_two_users_who_race_for_one_account_one_gets_it(
    owner: Owner, stranger: Owner, committed: Flask, sandbox: StripeSandbox
) -> None:
    first = owner.connect_standard()
    owner.disconnect()
    browsers, answers = [], []
    for one in (owner, stranger):
        answers.append(answer_of(one.consent(one.start(), account=str(first.stripe_account_id))))
        [(session_hash,)] = rows(
            "SELECT session_hash FROM oauth_states WHERE user_id = :u AND used_at IS NULL", u=one.person.id
        )
        browsers.append(oauth.Browser(user_id=one.person.id, session_hash=bytes(session_hash)))

    def complete(number: int) -> oauth.Outcome:
        with committed.app_context():
            return oauth.complete(browsers[number], answers[number])

    with ThreadPoolExecutor(2) as threads:
        outcomes = [one.result() for one in [threads.submit(copy_context().run, complete, n) for n in (0, 1)]]

    assert sorted(outcomes) == ["connected", "other_user"]
    assert [one.account is not None for one in (owner, stranger)] == [found == "connected" for found in outcomes]


def test_who_has_an_account_is_told_to_disconnect_it_first(owner: Owner, sandbox: StripeSandbox) -> None:
    url = owner.start()
    back = owner.consent(url)
    account = owner.connect_standard()
    exchanged = len(sandbox.sent(TOKEN))

    assert owner.client.get("/payouts/oauth/start").headers["Location"] == "/payouts"
    assert account_wording.OAUTH["has_another"][1] in said(owner)
    owner.come_back(back)
    assert account_wording.OAUTH["has_another"][1] in said(owner)
    assert owner.connected.id == account.id
    assert len(sandbox.sent(TOKEN)) == exchanged, "nothing is connected at Stripe that is not wanted here"


def test_whoever_is_signed_out_comes_back_to_the_sign_in_without_the_code(owner: Owner, committed: Flask) -> None:
    back = owner.consent(owner.start())
    answer = committed.test_client().get(back)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/payouts")
    owner.come_back(back)
    assert owner.connected.type == "standard"


def test_where_money_goes_is_changed_after_the_password_alone(owner: Owner) -> None:
    password_is_old()
    assert owner.start() == "/verify?next=%2Fpayouts%2Foauth%2Fstart"
    answer = submit(
        owner.client,
        "/verify",
        "/verify?next=/payouts/oauth/start",
        password=owner.person.password,
        next="/payouts/oauth/start",
    )
    assert answer.headers["Location"].endswith("/payouts/oauth/start")
    owner.connect_standard()


def test_without_a_client_id_the_way_is_not_offered(owner: Owner, committed: Flask) -> None:
    config = committed.extensions["config"]
    committed.extensions["config"] = replace(config, stripe_connect_client_id=None)
    try:
        assert owner.start() == "/payouts"
        assert "/payouts/oauth/start" not in owner.page
    finally:
        committed.extensions["config"] = config


def test_ways_to_stripe_are_counted(owner: Owner) -> None:
    for _ in range(oauth.STARTS_PER_HOUR):
        owner.start()
    assert owner.client.get("/payouts/oauth/start").status_code == 429


def test_old_states_are_removed(owner: Owner) -> None:
    from randonumber.database import transaction

    owner.start()
    execute("UPDATE oauth_states SET created_at = :old", old=datetime(2026, 1, 1, tzinfo=UTC))
    owner.start()
    with transaction() as session:
        oauth.sweep(session)
    assert len(rows("SELECT 1 FROM oauth_states")) == 1
