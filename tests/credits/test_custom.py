"""The on-page way over HTTP: what the form's script sends and gets, and what the pages say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import clock
from randonumber.waiting import ASK_AGAIN_AFTER
from tests.credits.conftest import FREE_CREDITS, count, stored
from tests.credits.on_page import CHALLENGED, DECLINED, INTENTS, Page, id_of, intents_at_stripe
from tests.people import csrf_token, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

ADDRESS = "/credits/payment-intents"
GOOD: dict[str, Any] = {"quantity": 9, "form_ref": "form-0001"}


@pytest.fixture
def signed_in(client: FlaskClient, buyer: Buyer) -> FlaskClient:
    sign_in(client, buyer.person)
    return client


def token_of(client: FlaskClient) -> str:
    """Return the token as a script finds it."""
    found = re.search(r'<meta name="csrf-token" content="([^"]+)"', client.get("/credits").text)
    assert found
    return found[1]


def send(client: FlaskClient, body: Any, **more: Any) -> TestResponse:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    headers = {"X-CSRFToken": token_of(client), "Accept": "application/json"}
    return client.post(ADDRESS, data=data, headers=headers, **{"content_type": "application/json", **more})


def press(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    answer = send(client, GOOD | fields)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found: dict[str, Any] = answer.json
    return found


def test_the_script_gets_what_the_browser_pays_with(signed_in: FlaskClient, sandbox: StripeSandbox) -> None:
    answer = send(signed_in, GOOD)
    found = answer.json
    assert found
    assert set(found) == {"purchase", "client_secret", "amount", "currency", "status", "url"}
    assert (found["amount"], found["currency"], found["status"]) == (900, "usd", "pending")
    assert found["url"] == f"/credits/purchases/{found['purchase']}"
    intent = sandbox.client.v1.payment_intents.retrieve(id_of(found["client_secret"]))
    assert (intent.amount, intent.metadata["purchase_ref"]) == (900, found["purchase"])
    assert answer.headers["Cache-Control"] == "no-store"


def test_paid_on_the_page_the_return_page_shows_it(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer, deliver_webhooks: DeliverWebhooks
) -> None:
    found = press(signed_in)
    Page(person=buyer.person, sandbox=sandbox).pay(found["client_secret"])
    came_back = f"{found['url']}?payment_intent={id_of(found['client_secret'])}&redirect_status=succeeded"
    page = signed_in.get(came_back).text
    assert "Thank you" in page
    assert "4242" in page
    assert "http-equiv" not in page
    assert buyer.credits == FREE_CREDITS + 9
    deliver_webhooks()
    assert buyer.credits == FREE_CREDITS + 9
    again = press(signed_in)
    assert (again["purchase"], again["status"]) == (found["purchase"], "paid")
    assert "client_secret" not in again


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b'{"quantity": 9, "quantity": 9, "form_ref": "form-0001"}', 400),
        (b'{"quantity": NaN, "form_ref": "form-0001"}', 400),
        (b'{"quantity": Infinity, "form_ref": "form-0001"}', 400),
        (b'{"quantity": 1' + b"0" * 5_000 + b', "form_ref": "form-0001"}', 400),
        (b"[" * 100_000, 413),
        (b"[" * 5_000, 400),
        ({}, 400),
        (GOOD | {"quantity": "9"}, 400),
        (GOOD | {"quantity": 9.0}, 400),
        (GOOD | {"quantity": True}, 400),
        (GOOD | {"quantity": None}, 400),
        (GOOD | {"quantity": [9]}, 400),
        (GOOD | {"quantity": 10**30}, 422),
        (GOOD | {"quantity": 0}, 422),
        (GOOD | {"quantity": -9}, 422),
        (GOOD | {"quantity": 10_001}, 422),
        (GOOD | {"form_ref": "short"}, 400),
        (GOOD | {"form_ref": "x" * 65}, 400),
        (GOOD | {"form_ref": "form 0001"}, 400),
        (GOOD | {"form_ref": "form-0001\n"}, 400),
        (GOOD | {"form_ref": "form-0001\x00"}, 400),
        (GOOD | {"form_ref": 12345678}, 400),
        (GOOD | {"save_card": 1}, 400),
        (GOOD | {"save_card": "yes"}, 400),
        (GOOD | {"amount": 1}, 400),
        (GOOD | {"currency": "eur"}, 400),
        (GOOD | {"user_id": 1}, 400),
    ],
)
def test_a_bad_order_is_a_problem_document_and_leaves_nothing(
    signed_in: FlaskClient, sandbox: StripeSandbox, body: Any, status: int
) -> None:
    answer = send(signed_in, body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json is not None
    assert answer.json["detail"]
    assert (count("purchases"), count("stripe_calls")) == (0, 0)
    assert sandbox.exchanges == []


def test_a_form_is_no_order_of_a_script(signed_in: FlaskClient) -> None:
    answer = send(signed_in, "quantity=9", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert count("purchases") == 0


def test_without_the_token_or_a_sign_in_nothing_is_sold(signed_in: FlaskClient, committed: Flask) -> None:
    assert signed_in.post(ADDRESS, json=GOOD).status_code == 400
    stranger = committed.test_client()
    token = csrf_token(stranger)
    answer = stranger.post(ADDRESS, json=GOOD, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert count("purchases") == 0


def test_when_stripe_is_away_the_answer_says_when_to_come_back_and_the_order_is_kept(
    signed_in: FlaskClient, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    sandbox.fault("POST /v1/customers", "reset_before")
    answer = send(signed_in, GOOD)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "2"
    assert answer.json is not None
    assert answer.json["code"] == "try_later"
    assert count("purchases", "status = 'pending'") == 1
    run_jobs(early=True)
    run_jobs(early=True)
    assert press(signed_in)["client_secret"]
    assert (count("purchases"), intents_at_stripe(sandbox)) == (1, 1)


def test_so_many_orders_an_hour_are_enough(
    signed_in: FlaskClient, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("randonumber.credits.service.starting.PURCHASES_PER_HOUR", 2)
    sent = [send(signed_in, GOOD | {"form_ref": f"form-000{number}"}) for number in range(3)]
    assert [answer.status_code for answer in sent] == [200, 200, 429]
    assert sent[-1].headers["Retry-After"]
    assert len(sandbox.sent(INTENTS)) == 2


def test_a_purchase_is_nobody_elses(signed_in: FlaskClient, sandbox: StripeSandbox, committed: Flask) -> None:
    found = press(signed_in)
    stranger = committed.test_client()
    sign_in(stranger, make_user())
    assert stranger.get(found["url"]).status_code == 404
    theirs = press(stranger)
    assert theirs["purchase"] != found["purchase"]
    page = stranger.get(f"/credits?again={found['purchase']}")
    assert page.status_code == 200
    assert GOOD["form_ref"] not in page.text


def test_what_is_not_paid_yet_leads_back_to_the_same_form(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer
) -> None:
    found = press(signed_in)
    page = signed_in.get(found["url"]).text
    assert "not paid yet" in page
    link = f"/credits?again={found['purchase']}"
    assert link in page
    form = signed_in.get(link).text
    assert 'value="form-0001"' in form
    assert 'value="9"' in form
    Page(person=buyer.person, sandbox=sandbox).pay(press(signed_in)["client_secret"])
    with clock.frozen(clock.now() + ASK_AGAIN_AFTER):
        assert "Thank you" in signed_in.get(found["url"]).text
    assert 'value="form-0001"' not in signed_in.get(link).text, "what is paid is not offered again"


@pytest.mark.parametrize(
    ("method", "words"), [(DECLINED, "declined this card"), (CHALLENGED, "could not confirm that it was you")]
)
def test_a_try_that_failed_is_told_with_the_way_back(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer, method: str, words: str
) -> None:
    found = press(signed_in)
    Page(person=buyer.person, sandbox=sandbox).pay(found["client_secret"], method, "fail")
    page = signed_in.get(f"{found['url']}?redirect_status=failed").text
    assert words in page
    assert "Nothing was charged" in page
    assert "Try again" in page
    assert words in signed_in.get(f"/credits?again={found['purchase']}").text


def test_what_the_address_says_of_a_payment_is_not_believed(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer
) -> None:
    found = press(signed_in)
    page = signed_in.get(f"{found['url']}?payment_intent=pi_1&redirect_status=succeeded").text
    assert "Thank you" not in page
    assert buyer.credits == FREE_CREDITS


@pytest.mark.parametrize("again", ["", "pur_1", "x", "pur_" + "a" * 26, "%00"])
def test_nothing_to_go_on_with_is_the_shop_as_ever(signed_in: FlaskClient, again: str) -> None:
    page = signed_in.get(f"/credits?again={again}")
    assert page.status_code == 200
    assert 'value="25"' in page.text


def test_only_the_pages_with_stripes_script_let_it_in(signed_in: FlaskClient, sandbox: StripeSandbox) -> None:
    for path in ("/credits", "/credits?quantity=0"):
        policy = signed_in.get(path).headers["Content-Security-Policy"]
        assert "script-src 'self' http://127.0.0.1:5001;" in policy
        assert "frame-src http://127.0.0.1:5001;" in policy
        assert "unsafe" not in policy
    for path in ("/", "/account", "/credits/purchases"):
        policy = signed_in.get(path).headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "frame-src 'none'" in policy


def test_without_a_script_the_form_leads_to_the_hosted_page(signed_in: FlaskClient, sandbox: StripeSandbox) -> None:
    page = signed_in.get("/credits").text
    form = page[page.index("data-pay=") - 200 :]
    assert 'action="/credits/checkout"' in form
    assert "data-pay-fields hidden" in form
    fields = {"csrf_token": csrf_token(signed_in, "/credits"), "quantity": "9", "form_ref": "form-0001"}
    first = press(signed_in)
    answer = signed_in.post("/credits/checkout", data=fields)
    assert answer.status_code == 303
    assert "/checkout/cs_" in answer.headers["Location"]
    assert stored(first["purchase"]).status == "expired", "the same form on the hosted page lets the intent go"


def test_no_address_keeps_the_secret_that_stripe_adds_to_it(signed_in: FlaskClient, sandbox: StripeSandbox) -> None:
    found = press(signed_in)
    came_back = signed_in.get(f"{found['url']}?payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2")
    assert (came_back.status_code, came_back.location) == (303, found["url"])
    assert sandbox.exchanges
