"""The operator's pages: for operators alone, with a fresh sign-in for each act, and nothing they show is a surprise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.admin import lists
from randonumber.admin.alarm_mails import tell_of_broken
from randonumber.database import db, transaction
from randonumber.ledger import checks, jobs
from randonumber.ledger.checks import CheckResult
from randonumber.payouts.service.withdrawals import by_hand
from randonumber.reconciliation.service import sync_mirror
from tests.payouts.test_by_hand import hours_later
from tests.payouts.withdrawers import CREATE, Withdrawer, agreed, count, make_withdrawer, stored
from tests.people import make_user, sign_in, submit

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

PAGES = ["/admin", "/admin/withdrawals", *(f"/admin/{listing.name}" for listing in lists.LISTS)]
ACTS = ["retry", "release", "settle"]


@pytest.fixture
def withdrawer(sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs) -> Withdrawer:
    return make_withdrawer(sandbox, deliver_webhooks, run_jobs, 5000)


@pytest.fixture
def operator(committed: Flask, client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(admin=True))
    return client


@pytest.fixture
def waiting(withdrawer: Withdrawer) -> str:
    """A withdrawal whose transfer never reached Stripe, an hour ago."""
    withdrawer.sandbox.fault(CREATE, "reset_before")
    ref = withdrawer.withdraw(2000)
    hours_later()
    return ref


def act(client: FlaskClient, ref: str, what: str, reason: str = "see ticket 12") -> TestResponse:
    page = f"/admin/withdrawals/{ref}"
    return submit(client, f"{page}/{what}", page, reason=reason)


@pytest.mark.parametrize("page", PAGES)
def test_nobody_else_finds_the_pages(committed: Flask, client: FlaskClient, page: str) -> None:
    assert client.get(page).headers["Location"].startswith("/login")
    sign_in(client, make_user())
    assert client.get(page).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_an_operator_sees_every_page_empty(operator: FlaskClient, page: str) -> None:
    answer = operator.get(page)
    assert answer.status_code == 200
    assert 'href="/admin"' in answer.text


def test_a_page_that_is_none_is_not_there(operator: FlaskClient) -> None:
    for page in ("/admin/none", "/admin/withdrawals/wd_none", "/admin/withdrawals/%00"):
        assert operator.get(page).status_code == 404
    for what in ACTS:
        assert submit(operator, f"/admin/withdrawals/wd_none/{what}", "/admin", reason="x").status_code == 404


@pytest.mark.parametrize("what", ACTS)
def test_nobody_else_acts(committed: Flask, withdrawer: Withdrawer, waiting: str, what: str) -> None:
    stranger = committed.test_client()
    sign_in(stranger, make_user())
    owner = committed.test_client()
    sign_in(owner, withdrawer.person)
    for client in (stranger, owner):
        answer = submit(client, f"/admin/withdrawals/{waiting}/{what}", "/account", reason="x")
        assert answer.status_code == 404
    assert (stored(waiting).status, withdrawer.transfers()) == ("sent", [])


@pytest.mark.parametrize("what", ACTS)
def test_an_act_needs_a_fresh_sign_in(operator: FlaskClient, withdrawer: Withdrawer, waiting: str, what: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE user_sessions SET verified_at = verified_at - interval '6 minutes'"))
    answer = act(operator, waiting, what)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/verify?next=%2Fadmin%2Fwithdrawals")
    assert stored(waiting).status == "sent"


def test_the_queue_and_the_page_say_what_the_journal_says(
    operator: FlaskClient, withdrawer: Withdrawer, waiting: str
) -> None:
    queue = operator.get("/admin/withdrawals").text
    for fact in (waiting, withdrawer.person.email, "$20.00", "attempt 1", "unknown"):
        assert fact in queue
    page = operator.get(f"/admin/withdrawals/{waiting}").text
    for fact in (withdrawer.account, "There is no transfer of it", "Give $20.00 back to the wallet", "sent 1"):
        assert fact in page
    withdrawer.sandbox.fault("GET /v1/transfers", "reset_before", times=1)
    assert "Stripe does not answer" in operator.get(f"/admin/withdrawals/{waiting}").text


def test_an_operator_releases_with_a_reason(operator: FlaskClient, withdrawer: Withdrawer, waiting: str) -> None:
    for reason in ("", "  ", "x" * 501):
        refused = act(operator, waiting, "release", reason)
        assert refused.status_code == 422
        assert stored(waiting).status == "sent"
    answer = act(operator, waiting, "release")
    assert answer.headers["Location"] == f"/admin/withdrawals/{waiting}"
    assert "back in the wallet" in operator.get(answer.headers["Location"]).text
    assert (stored(waiting).status, withdrawer.left) == ("failed", 5000)
    with transaction() as session:
        query = text("SELECT actor, reason FROM transactions WHERE kind = 'withdrawal_release'")
        actor, reason = session.execute(query).one()
    assert actor.startswith("operator:usr_")
    assert reason == "see ticket 12"
    again = act(operator, waiting, "release")
    assert again.status_code == 422
    assert "failed already" in again.text


def test_what_stripe_says_stands_on_the_page(operator: FlaskClient, waiting: str) -> None:
    answer = act(operator, waiting, "settle", "they <b>said</b> so")
    assert answer.status_code == 422
    assert "exactly one is needed" in answer.text
    assert "they &lt;b&gt;said&lt;/b&gt; so" in answer.text


def test_an_operator_settles_and_tries_again(operator: FlaskClient, withdrawer: Withdrawer, waiting: str) -> None:
    assert act(operator, waiting, "retry").status_code == 303
    assert stored(waiting).status == "paid"
    withdrawer.sandbox.fault(CREATE, "reset_after")
    second = withdrawer.withdraw(1000, form_ref="form-0002")
    assert by_hand.look(second).transfers[0].id in operator.get(f"/admin/withdrawals/{second}").text
    assert act(operator, second, "settle").status_code == 303
    assert stored(second).status == "paid"
    withdrawer.deliver()
    agreed()


def test_stripe_being_away_is_said_and_changes_nothing(
    operator: FlaskClient, withdrawer: Withdrawer, waiting: str
) -> None:
    withdrawer.sandbox.fault("GET /v1/transfers", "reset_before", times=3)
    answer = act(operator, waiting, "release")
    assert answer.status_code == 503
    assert "nothing was done" in answer.text
    assert stored(waiting).status == "sent"


@pytest.mark.broken_books
def test_the_overview_counts_and_the_lists_show(operator: FlaskClient, withdrawer: Withdrawer, waiting: str) -> None:
    sync_mirror()
    now = clock.now()
    with db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO broken_invariants VALUES ('A42', 'planted <b>', 3, :now, :now)"), {"now": now}
        )
        connection.execute(
            text("""INSERT INTO inbox_events (id, type, livemode, body, created_at, received_at, status, closed_at)
                    VALUES ('evt_dead', 'charge.refunded', false, '{}', :now, :now, 'dead', :now)"""),
            {"now": now - timedelta(hours=1)},
        )
        connection.execute(text("UPDATE stripe_calls SET alarm = 'look at me', due_at = NULL"))
    with transaction() as session:
        counted = lists.counts(session)
    unmatched = count("balance_transactions", "unmatched_id IS NOT NULL AND resolution_id IS NULL")
    assert unmatched > 0
    assert counted == {"books": 1, "unmatched": unmatched, "events": 1, "calls": 1, "reviews": 0}
    assert operator.get("/admin").text.count("<strong>") >= 4
    for page, fact in (
        ("books", "planted &lt;b&gt;"),
        ("unmatched", "txn_"),
        ("events", "evt_dead"),
        ("calls", "look at me"),
        ("withdrawals", "waiting for you"),
    ):
        assert fact in operator.get(f"/admin/{page}").text


def test_operators_get_a_mail_about_broken_books(committed: Flask) -> None:
    make_user("ann@example.com", admin=True)
    make_user("bob@example.com")
    broken = CheckResult(id="A13", title="each row is posted <once>", count=2, samples=[])
    with transaction() as session:
        tell_of_broken(session, [broken])
    with transaction() as session:
        [mail] = session.execute(text("SELECT recipient, subject, html_body, text_body FROM mail_messages")).all()
    assert (mail.recipient, mail.subject) == ("ann@example.com", "The books are broken: A13")
    assert "&lt;once&gt;" in mail.html_body
    assert "<once>" in mail.text_body


@pytest.mark.broken_books
def test_the_minutes_run_tells_operators_once(committed: Flask) -> None:
    make_user("ann@example.com", admin=True)
    checks.register(checks.Check(id="A99", title="planted", sql="SELECT 1 AS one", is_quick=True))
    try:
        for _ in range(3):
            jobs.recent()
    finally:
        checks.forget("A99")
    assert count("mail_messages", "template = 'invariant_broken' AND subject LIKE '%A99'") == 1
