"""An Express or Custom account is made once, whatever fails, and is ready when Stripe says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

import pytest

from randonumber import hooks
from randonumber.failpoints import FailpointRaised, arm
from randonumber.payouts.account_wording import OAUTH, STATES
from randonumber.payouts.models import AccountType
from randonumber.payouts.service import onboarding
from randonumber.sandbox.inprocess_connect import address, onboard
from tests.auth.mailbox import messages
from tests.payouts.connecting import (
    ACCOUNTS,
    LINKS,
    Owner,
    execute,
    made_at_stripe,
    new_owner,
    password_is_old,
    rows,
    said,
)
from tests.people import submit

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import RunJobs, StripeSandbox

REFRESH = "/payouts/onboarding/refresh"
RETURN = "/payouts/onboarding/return"


@pytest.fixture
def owner(committed: Flask, sandbox: StripeSandbox) -> Owner:
    return new_owner(committed, sandbox)


def quiet_is_over() -> None:
    """Let the quiet time pass, after which an outcome may be looked up."""
    execute("UPDATE stripe_calls SET last_sent_at = last_sent_at - interval '1 hour', lease_until = NULL")


@pytest.mark.parametrize("kind", ["express", "custom"])
def test_an_account_is_made_and_its_owner_is_led_through_stripes_pages(
    owner: Owner, sandbox: StripeSandbox, kind: str
) -> None:
    account = owner.onboard(kind)

    assert made_at_stripe(sandbox) == [account.stripe_account_id]
    at_stripe = sandbox.client.v1.accounts.retrieve(str(account.stripe_account_id)).to_dict()
    assert (at_stripe["type"], at_stripe["country"], at_stripe["email"]) == (kind, "US", owner.person.email)
    assert at_stripe["capabilities"] == {"transfers": "active"}
    assert at_stripe["metadata"] == {"ref": account.ref, "user": owner.person.ref}
    assert (account.type, account.transfers_active, account.payouts_enabled) == (kind, True, True)
    assert (account.requirements, account.changed_at, account.call_id) == ([], None, None)
    assert str(account.stripe_account_id) in owner.page
    assert STATES["ready"] in owner.page
    [mail] = messages("security/payout_connected")
    assert str(account.stripe_account_id) in mail.text_body


@pytest.mark.pain(20)
def test_coming_back_from_stripe_is_not_being_set_up(owner: Owner) -> None:
    account = owner.onboard(action="leave")

    assert (account.transfers_active, account.details_submitted) == (False, False)
    page = owner.page
    assert STATES["onboarding"] in page
    assert "The bank account your money goes to" in page
    assert "Your agreement to Stripe’s terms" in page
    assert "external_account" not in page
    assert "Continue at Stripe" in page


@pytest.mark.pain(20)
def test_what_the_return_page_shows_is_read_at_stripe_again(owner: Owner, sandbox: StripeSandbox) -> None:
    url = owner.begin().headers["Location"]
    assert owner.connected.transfers_active is False
    assert "Not yet" in owner.client.get(RETURN, follow_redirects=True).text
    onboard(sandbox.app, url)
    assert owner.connected.transfers_active is False, "nobody has told us yet"
    owner.come_back(RETURN)
    assert owner.connected.transfers_active is True


def test_a_link_that_is_used_up_or_old_is_made_anew(owner: Owner, sandbox: StripeSandbox) -> None:
    owner.onboard(action="leave")
    assert REFRESH in owner.page
    again = owner.client.get(REFRESH)
    assert again.status_code == 303
    onboard(sandbox.app, again.headers["Location"])
    owner.come_back(RETURN)
    assert owner.connected.transfers_active
    assert len(sandbox.sent(ACCOUNTS)) == 1
    assert len({one.key for one in sandbox.sent(LINKS)}) == 2, "each link is made anew"


def test_details_that_stand_are_changed_after_the_password_alone(owner: Owner) -> None:
    url = owner.begin().headers["Location"]
    password_is_old()
    assert owner.client.get(REFRESH).headers["Location"].startswith("http://127.0.0.1:5001/onboarding/")
    onboard(owner.sandbox.app, url)
    owner.come_back(RETURN)
    assert owner.client.get(REFRESH).headers["Location"] == "/verify?next=%2Fpayouts%2Fonboarding%2Frefresh"


@pytest.mark.parametrize("path", [REFRESH, RETURN])
def test_without_an_account_there_is_nothing_to_go_on_with(owner: Owner, path: str) -> None:
    assert owner.client.get(path).headers["Location"] == "/payouts"


@pytest.mark.parametrize("path", [REFRESH, RETURN])
def test_a_stranger_signs_in_first(committed: Flask, path: str) -> None:
    assert "/login" in committed.test_client().get(path).headers["Location"]


def test_an_account_of_ones_own_is_not_onboarded_here(owner: Owner) -> None:
    owner.connect_standard()
    assert owner.client.get(REFRESH).headers["Location"] == "/payouts"


def test_an_account_is_asked_for_after_the_password_alone(owner: Owner, sandbox: StripeSandbox) -> None:
    password_is_old()
    answer = owner.begin()
    assert answer.headers["Location"] == "/verify?next=%2Fpayouts"
    assert sandbox.sent(ACCOUNTS) == []
    assert "press the button again" in owner.client.get("/verify?next=/payouts").text
    submit(owner.client, "/verify", "/verify?next=/payouts", password=owner.person.password, next="/payouts")
    assert owner.onboard().transfers_active


@pytest.mark.parametrize("kind", ["", "standard", "Express", "none", "\x00"])
def test_another_type_is_refused_on_the_page(owner: Owner, sandbox: StripeSandbox, kind: str) -> None:
    answer = owner.begin(kind)
    assert answer.status_code == 422
    assert "Choose Express or Custom." in answer.text
    assert sandbox.exchanges == []


def test_without_a_token_nothing_is_made(owner: Owner, sandbox: StripeSandbox) -> None:
    assert owner.client.post("/payouts/onboarding", data={"type": "express"}).status_code == 400
    assert owner.client.post("/payouts/disconnect").status_code == 400
    assert sandbox.exchanges == []


def test_fields_of_a_stranger_change_nothing(owner: Owner) -> None:
    owner.post(
        "/payouts/onboarding",
        type="express",
        user_id="1",
        stripe_account_id="acct_1",
        transfers_active="1",
        country="DE",
        changed_at="2020-01-01",
    )
    account = owner.connected
    assert (account.user_id, account.country, account.transfers_active) == (owner.person.id, "US", False)


def test_a_double_click_makes_one_account(owner: Owner, sandbox: StripeSandbox, committed: Flask) -> None:
    person = hooks.Person(user_id=owner.person.id, ref=owner.person.ref, email=owner.person.email)

    def start() -> str | None:
        with committed.app_context():
            return onboarding.start(person, AccountType.EXPRESS).account.stripe_account_id

    with ThreadPoolExecutor(6) as threads:
        found = {one.result() for one in [threads.submit(copy_context().run, start) for _ in range(6)]}

    assert found == {owner.connected.stripe_account_id}
    assert made_at_stripe(sandbox) == [owner.connected.stripe_account_id]
    assert len(messages("security/payout_connected")) == 1


def test_the_button_again_leads_to_the_same_account(owner: Owner, sandbox: StripeSandbox) -> None:
    first, second = owner.begin(), owner.begin()
    assert first.headers["Location"] != second.headers["Location"]
    assert len(made_at_stripe(sandbox)) == 1
    answer = owner.begin("custom")
    assert answer.headers["Location"] == "/payouts"
    assert OAUTH["has_another"][1] in said(owner)
    assert owner.connected.type == "express"


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "slow", "error_429", "error_409", "truncate"])
def test_an_answer_that_is_lost_still_means_one_account(
    owner: Owner, sandbox: StripeSandbox, run_jobs: RunJobs, fault: str
) -> None:
    sandbox.fault(ACCOUNTS, fault, **({"seconds": 60} if fault == "slow" else {}))
    answer = owner.begin()
    assert answer.headers["Location"] == "/payouts"
    assert "by itself" in said(owner)
    assert STATES["being_made"] in owner.page

    run_jobs(early=True)

    assert made_at_stripe(sandbox) == [owner.connected.stripe_account_id]
    assert len({one.key for one in sandbox.sent(ACCOUNTS)}) == 1, "the same key again"
    page = owner.page
    assert "Continue at Stripe" in page
    assert owner.onboard().transfers_active
    assert len(made_at_stripe(sandbox)) == 1


@pytest.mark.parametrize("fault", ["error_500", "error_500_done"])
def test_a_500_that_sticks_is_looked_up_among_the_accounts_made_since(
    owner: Owner, sandbox: StripeSandbox, run_jobs: RunJobs, fault: str
) -> None:
    sandbox.fault(ACCOUNTS, fault)
    owner.begin()
    for _ in range(4):
        run_jobs(early=True)
    assert owner.account is not None
    quiet_is_over()
    run_jobs(early=True)

    assert made_at_stripe(sandbox) == [owner.connected.stripe_account_id]
    assert sandbox.sent("GET /v1/accounts") != []
    keys = {one.key for one in sandbox.sent(ACCOUNTS)}
    assert len(keys) == (1 if fault == "error_500_done" else 2)


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_after_a_crash_anywhere_there_is_one_account(
    owner: Owner, sandbox: StripeSandbox, run_jobs: RunJobs, point: str
) -> None:
    arm({point: "raise"})
    with pytest.raises(FailpointRaised):
        owner.begin()
    execute("UPDATE stripe_calls SET lease_until = NULL")
    run_jobs(early=True)
    assert made_at_stripe(sandbox) == [owner.connected.stripe_account_id]
    assert owner.onboard().transfers_active
    assert len(made_at_stripe(sandbox)) == 1


def test_when_the_link_fails_the_account_stands_and_the_way_goes_on(owner: Owner, sandbox: StripeSandbox) -> None:
    sandbox.fault(LINKS, "reset_before")
    assert owner.begin().headers["Location"] == "/payouts"
    assert "Continue at Stripe" in said(owner)
    assert owner.connected.transfers_active is False
    sandbox.fault(LINKS, "error_500")
    assert owner.client.get(REFRESH).headers["Location"] == "/payouts"
    assert "/onboarding/" in owner.client.get(REFRESH).headers["Location"]


def test_when_stripe_does_not_answer_the_return_page_says_so(owner: Owner, sandbox: StripeSandbox) -> None:
    url = owner.begin().headers["Location"]
    onboard(sandbox.app, url)
    sandbox.fault("GET /v1/accounts/{account}", "reset_before")
    owner.come_back(RETURN)
    assert "may be old" in said(owner)
    owner.come_back(RETURN)
    assert owner.connected.transfers_active


def test_an_account_that_stripe_will_not_make_gives_its_place_up(
    owner: Owner, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onboarding, "COUNTRY", "XX")
    assert owner.begin().headers["Location"] == "/payouts"
    assert owner.account is None
    assert "Stripe did not make the account" in said(owner)
    assert messages() == []

    monkeypatch.setattr(onboarding, "COUNTRY", "US")
    assert owner.onboard().changed_at is None, "what never was is no account that was changed"
    assert "did not make" not in said(owner)


def test_an_account_that_stripe_has_lost_is_said_to_be_lost(owner: Owner, sandbox: StripeSandbox) -> None:
    account = owner.onboard(action="leave")
    sandbox.client.v1.accounts.delete(str(account.stripe_account_id))
    assert owner.client.get(REFRESH).headers["Location"] == "/payouts"
    assert "does not know this account" in said(owner)
    owner.come_back(RETURN)
    assert STATES["out_of_reach"] in owner.page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"identity": "pending"}, "Stripe is checking your details."),
        ({"identity": "failed"}, "Your proof of identity"),
        ({"bank": "none"}, "The bank account your money goes to"),
    ],
)
def test_what_is_missing_is_said_in_words(owner: Owner, fields: dict[str, str], words: str) -> None:
    account = owner.onboard(**fields)
    assert words in owner.page
    assert (account.transfers_active, account.payouts_enabled) != (True, True)


def test_accounts_are_counted(owner: Owner) -> None:
    for _ in range(onboarding.MADE_PER_DAY):
        owner.begin()
        owner.disconnect()
    assert owner.begin().status_code == 429
    assert owner.account is None
    assert len(rows("SELECT 1 FROM payout_accounts")) == onboarding.MADE_PER_DAY


def test_the_form_may_lead_to_stripes_pages(owner: Owner) -> None:
    policy = owner.client.get("/payouts").headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:5001;" in policy
    assert address(owner.begin().headers["Location"]).startswith("/onboarding/")
