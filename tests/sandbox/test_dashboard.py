from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import create_sandbox, inprocess
from randonumber.sandbox.pages.dashboard.lists import KINDS as LISTS
from tests.sandbox.conftest import BASE, make_sdk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import stripe
    from flask import Flask

PAGES = [
    "/dashboard",
    *(f"/dashboard/objects/{kind}" for kind in sorted(LISTS)),
    "/dashboard/deliveries",
    "/dashboard/requests",
    "/dashboard/faults",
    "/dashboard/mail",
    "/dashboard/endpoints/0",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_it_is_with_and_without_content(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient, session: Any, path: str
) -> None:
    full = page(path)
    inprocess.pay(sandbox, session.id)
    after = page(path)
    inprocess.reset(sandbox)
    for answer in (full, after, page(path)):
        assert answer.status_code == 200
        assert "– sandbox</title>" in answer.text
        assert "no money moves" in answer.text
        assert "<main>" in answer.text


def test_objects_lead_to_their_events_and_events_to_their_deliveries(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    inprocess.pay(sandbox, session.id)
    inprocess.deliveries(sandbox)
    shown = page(f"/dashboard/object/{session.id}").text
    assert "checkout.session.completed" in shown
    event = sdk.v1.events.list({"type": "checkout.session.completed"}).data[0].id
    shown = page(f"/dashboard/object/{event}").text
    assert "http://127.0.0.1:5000/webhooks/stripe" in shown
    assert "Stripe-Signature" in shown


def test_the_clock_has_a_button(sandbox: Flask, page: Callable[..., Any]) -> None:
    before = inprocess.now(sandbox)
    assert page("/dashboard/clock", {"step": "week"}).status_code == 303
    assert inprocess.now(sandbox) - before >= 7 * 86400
    assert page("/dashboard/clock", {"step": "century"}).status_code == 422


def test_an_event_is_delivered_again_by_a_button(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient
) -> None:
    sdk.v1.customers.create({})
    inprocess.deliveries(sandbox)
    event = sdk.v1.events.list().data[0].id
    assert page(f"/dashboard/events/{event}/resend", {}).status_code == 303
    assert [one.event_id for one in inprocess.deliveries(sandbox)] == [event]
    assert page("/dashboard/events/evt_none/resend", {}).status_code == 404


@pytest.mark.parametrize("path", ["/dashboard/clock", "/dashboard/events/evt_1/resend"])
def test_another_sites_page_presses_no_button(sandbox: Flask, page: Callable[..., Any], path: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert page(path, {"step": "week"}, headers=headers).status_code == 403


def test_a_long_answer_is_shown_as_far_as_it_is_kept(page: Callable[..., Any], raw: Callable[..., Any]) -> None:
    for _ in range(60):
        raw("POST", "/v1/customers")
    sent = raw("GET", "/v1/customers?limit=60")
    shown = page(f"/dashboard/requests/{sent.headers['Request-Id']}")
    assert shown.status_code == 200
    assert "…" in shown.text
    assert len(shown.text) < 40_000


def test_a_refusal_shows_its_request_in_the_dashboard(page: Callable[..., Any], raw: Callable[..., Any]) -> None:
    for sent in (raw("POST", "/v1/payment_intents", data={"amount": "9", "currency": "usd"}), raw("GET", "/v1/wat")):
        shown = page(sent.json["error"]["request_log_url"])
        assert shown.status_code == 200
        assert sent.headers["Request-Id"] in shown.text


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/objects/nonsense",
        "/dashboard/object/none",
        "/dashboard/object/acct_none",
        "/dashboard/requests/req_none",
        "/dashboard/mail/x",
        "/dashboard/endpoints/9",
        "/dashboard/deliveries/9",
        "/dashboard/deliveries/99999999999999999999999",
    ],
)
def test_an_unknown_page_is_404(page: Callable[..., Any], path: str) -> None:
    assert page(path).status_code == 404


def test_older_objects_are_a_page_away(page: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    for number in range(30):
        sdk.v1.customers.create({"name": f"n{number:02}", "email": f"n{number:02}@example.com"})
    first = page("/dashboard/objects/customer").text
    assert "n29@" in first
    assert "n04@" not in first
    address = first.split('href="/dashboard/objects/customer?before=')[1].split('"')[0]
    assert "n04@" in page(f"/dashboard/objects/customer?before={address}").text
    assert page("/dashboard/objects/customer?before=nonsense").status_code == 200


@pytest.fixture
def mail(tmp_path: Path) -> Flask:
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "1.eml").write_bytes(
        b"From: shop@example.com\r\nTo: ann@example.com\r\nSubject: =?utf-8?q?Your_receipt_=E2=9C=93?=\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n<script>alert(1)</script> 9.00\r\n"
    )
    (folder / "2.eml").write_bytes(b"\xff\xfe\x00 not mail at all <b>")
    (folder / "3.eml").write_bytes(b"Subject: odd\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nbody\r\n")
    (folder / "4.log").write_text("")
    (folder / "5.eml").write_bytes(b"Subject: odder\r\nContent-Type: text/plain; charset=\x00x\r\n\r\nbody\r\n")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.eml").symlink_to(tmp_path / "secret.txt")
    return create_sandbox(mail_dir=folder)


def test_the_apps_mail_is_shown_as_text(mail: Flask) -> None:
    client = mail.test_client()
    listed = client.get("/dashboard/mail", base_url=BASE).text
    assert "Your receipt ✓" in listed
    assert "ann@example.com" in listed
    shown = client.get("/dashboard/mail/1.eml", base_url=BASE).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 9.00" in shown
    for name in ("2.eml", "3.eml", "4.log", "5.eml"):
        assert client.get(f"/dashboard/mail/{name}", base_url=BASE).status_code == 200, name


@pytest.mark.parametrize("name", ["link.eml", "..%2Fsecret.txt", "%2e%2e", "secret.txt", ".hidden", "%00", "x" * 999])
def test_nothing_but_the_folders_own_files_is_shown(mail: Flask, name: str) -> None:
    answer = mail.test_client().get(f"/dashboard/mail/{name}", base_url=BASE)
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_each_account_has_its_own_balance_on_the_overview(sandbox: Flask, page: Callable[..., Any]) -> None:
    ids = []
    for name in ("one", "two"):
        sdk = make_sdk(sandbox, f"sk_test_{name}")
        sdk.v1.customers.create({})
        ids.append(sdk.v1.accounts.retrieve_current().id)
    assert all(account in page("/dashboard").text for account in ids)


def test_a_replay_is_shown_with_the_request_whose_answer_it_is(
    page: Callable[..., Any], raw: Callable[..., Any]
) -> None:
    first, second = (
        raw("POST", "/v1/customers", headers={"Idempotency-Key": "k1"}).headers["Request-Id"] for _ in range(2)
    )
    assert "Nothing ran" not in page(f"/dashboard/requests/{first}").text
    shown = page(f"/dashboard/requests/{second}").text
    assert "Nothing ran" in shown
    assert f"/dashboard/requests/{first}" in shown
    listed = page("/dashboard/requests?only=replayed").text
    assert second in listed
    assert first not in listed
