"""The pages that sell: what they show, what they refuse, and that they never wait for a Stripe that is down."""

from __future__ import annotations

import re
import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy.pool import QueuePool

from randonumber import clock
from randonumber.credits.models import PurchaseStatus
from randonumber.database import db
from randonumber.stripe_gateway import StripeNotFound, StripeRefused, gateway
from tests.credits.conftest import FREE_CREDITS, count, stored
from tests.people import csrf_token, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

NO_STRIPE = "Stripe has not answered yet"


@pytest.fixture
def signed_in(client: FlaskClient, buyer: Buyer) -> FlaskClient:
    sign_in(client, buyer.person)
    return client


def order(client: FlaskClient, **fields: str) -> TestResponse:
    token = csrf_token(client, "/credits")
    given = {"form_ref": secrets.token_urlsafe(16), **fields}
    return client.post("/credits/checkout", data={"csrf_token": token, **given})


def refs_in(page: str) -> set[str]:
    return set(re.findall(r"pur_[0-9a-z]{26}", page))


def only_ref(client: FlaskClient) -> str:
    [ref] = refs_in(client.get("/credits/purchases").text)
    return ref


@pytest.mark.pain(5)
def test_a_pack_is_bought_on_the_hosted_page_and_the_return_page_shows_it(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer, deliver_webhooks: DeliverWebhooks
) -> None:
    answer = order(signed_in, pack="10")
    assert answer.status_code == 303
    back = sandbox.pay(answer.headers["Location"])
    assert back is not None
    page = signed_in.get(urlsplit(back).path)
    assert page.status_code == 200
    assert "http-equiv" not in page.text
    assert "4242" in page.text
    assert "$9.00" in page.text
    assert buyer.credits == FREE_CREDITS + 10
    deliver_webhooks()
    assert buyer.credits == FREE_CREDITS + 10
    assert "10" in signed_in.get("/account").text


@pytest.mark.pain(24)
def test_any_quantity_is_bought_at_the_price_of_the_server(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer
) -> None:
    answer = order(signed_in, quantity="99", price="1", amount="1", credits="10000", currency="eur", user_id="1")
    assert answer.status_code == 303
    purchase = stored(only_ref(signed_in))
    assert (purchase.credits, purchase.amount_minor, purchase.currency) == (99, 8_910, "usd")
    assert (purchase.user_id, purchase.pack) == (buyer.person.id, None)
    sandbox.pay(answer.headers["Location"])
    signed_in.get(f"/credits/purchases/{purchase.ref}")
    assert buyer.credits == FREE_CREDITS + 99


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"pack": ""},
        {"pack": "2"},
        {"pack": "-10"},
        {"pack": "10.0"},
        {"pack": "ten"},
        {"pack": "10\x00"},
        {"pack": "٣"},
        {"quantity": ""},
        {"quantity": "0"},
        {"quantity": "-1"},
        {"quantity": "0.5"},
        {"quantity": "1e3"},
        {"quantity": " 1"},
        {"quantity": "1,000"},
        {"quantity": "٣"},
        {"quantity": "10001"},
        {"quantity": str(2**31)},
        {"quantity": str(2**63)},
        {"quantity": "9" * 5_000},
        {"quantity": "NaN"},
        {"quantity": "true"},
        {"quantity": "\x00"},
        {"quantity": "<script>"},
        {"quantity": "10'; DROP TABLE purchases --"},
        {"pack": "10", "quantity": "10"},
        {"pack": "10", "form_ref": ""},
        {"pack": "10", "form_ref": "short"},
        {"pack": "10", "form_ref": "x" * 65},
        {"pack": "10", "form_ref": "a b c d e f"},
        {"pack": "10", "form_ref": "abcdefgh\n"},
        {"pack": "10", "form_ref": "abcdefgh\x00"},
    ],
)
def test_a_bad_order_comes_back_with_its_reasons_and_leaves_nothing(
    signed_in: FlaskClient, sandbox: StripeSandbox, fields: dict[str, str]
) -> None:
    answer = order(signed_in, **fields)
    assert answer.status_code == 422
    assert "field-error" in answer.text or 'role="alert"' in answer.text
    assert count("purchases") == 0
    assert count("stripe_calls") == 0
    assert sandbox.exchanges == []
    assert '<script>"' not in answer.text


def test_what_was_typed_stays_in_the_form(signed_in: FlaskClient) -> None:
    assert 'value="12abc"' in order(signed_in, quantity="12abc").text


def test_an_order_without_a_form_token_is_refused(signed_in: FlaskClient) -> None:
    assert signed_in.post("/credits/checkout", data={"pack": "10", "form_ref": "form-0001"}).status_code == 400
    assert count("purchases") == 0


@pytest.mark.parametrize("path", ["/credits", "/credits/purchases", "/credits/purchases/pur_1"])
def test_who_is_not_signed_in_is_sent_to_the_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")


def test_a_purchase_is_nobody_elses(
    signed_in: FlaskClient, committed: Flask, sandbox: StripeSandbox, buyer: Buyer
) -> None:
    order(signed_in, pack="10")
    ref = only_ref(signed_in)
    stranger = committed.test_client()
    sign_in(stranger, make_user())
    assert stranger.get(f"/credits/purchases/{ref}").status_code == 404
    assert refs_in(stranger.get("/credits/purchases").text) == set()
    assert stranger.get(f"/credits/purchases?before={ref}").status_code == 400


@pytest.mark.parametrize("ref", ["pur_1", "nothing", "pur_%00", "pur_" + "a" * 26, "pur_" + "a" * 5000])
def test_a_purchase_that_is_not_there_is_not_found(signed_in: FlaskClient, ref: str) -> None:
    assert signed_in.get(f"/credits/purchases/{ref}").status_code == 404


def test_the_shop_shows_packs_and_quotes_a_quantity_without_a_script(signed_in: FlaskClient) -> None:
    page = signed_in.get("/credits?quantity=80").text
    for price in ("$1.00", "$9.00", "$70.00", "$500.00", "$72.00"):
        assert price in page
    assert "no more than these" in page
    assert signed_in.get("/credits?quantity=0").status_code == 422
    assert signed_in.get("/credits?quantity=%00").status_code == 422


def test_the_old_address_leads_to_the_shop(client: FlaskClient) -> None:
    answer = client.get("/buy-credits")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/credits")


def test_a_quote_is_json_and_a_bad_quantity_a_problem(client: FlaskClient) -> None:
    assert client.get("/credits/quote?quantity=9").json == {
        "quantity": 9,
        "amount": 900,
        "unit_price": 100,
        "currency": "usd",
        "next_break": {"quantity": 10, "unit_price": 90, "amount": 900},
        "more_cost_no_more": True,
    }
    for bad in ("", "0", "-1", "10001", "1e3", "1.5", "%00", "nan", "9" * 300):
        answer = client.get(f"/credits/quote?quantity={bad}")
        assert answer.status_code == 400
        assert answer.json is not None
        assert answer.json["errors"][0]["field"] == "quantity"
    assert client.get("/credits/quote").status_code == 400


def test_when_stripe_refuses_connections_the_page_says_so_and_the_order_goes_on_by_itself(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks
) -> None:
    sandbox.fault("POST /v1/customers", "reset_before", times=2)
    began = time.monotonic()
    answer = order(signed_in, pack="10")
    page = signed_in.get(answer.headers["Location"])
    assert time.monotonic() - began < 5
    assert page.status_code == 200
    assert NO_STRIPE in page.text
    assert 'http-equiv="refresh"' in page.text
    ref = only_ref(signed_in)
    assert stored(ref).status == PurchaseStatus.PENDING
    for _ in range(3):
        run_jobs(early=True)
    led_on = signed_in.get(f"/credits/purchases/{ref}?go=1")
    assert led_on.status_code == 303
    sandbox.pay(led_on.headers["Location"])
    deliver_webhooks()
    assert buyer.credits == FREE_CREDITS + 10


def test_the_return_page_stands_when_stripe_does_not_answer(
    signed_in: FlaskClient, sandbox: StripeSandbox, buyer: Buyer, deliver_webhooks: DeliverWebhooks
) -> None:
    answer = order(signed_in, pack="10")
    back = sandbox.pay(answer.headers["Location"])
    assert back is not None
    sandbox.fault("GET /v1/checkout/sessions/{session}", "reset_before", times=1)
    page = signed_in.get(urlsplit(back).path)
    assert page.status_code == 200
    assert "Stripe does not answer" in page.text
    deliver_webhooks()
    assert "Thank you" in signed_in.get(urlsplit(back).path).text


def test_who_comes_back_unpaid_can_go_on_to_the_payment(signed_in: FlaskClient, sandbox: StripeSandbox) -> None:
    answer = order(signed_in, pack="10")
    url = answer.headers["Location"]
    assert sandbox.leave(url) == "http://127.0.0.1:5000/credits"
    page = signed_in.get(f"/credits/purchases/{only_ref(signed_in)}").text
    assert url.replace("&", "&amp;") in page
    assert "Continue to payment" in page


def test_an_old_page_leads_nowhere_by_itself(signed_in: FlaskClient, sandbox: StripeSandbox) -> None:
    order(signed_in, pack="10")
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert signed_in.get(f"/credits/purchases/{only_ref(signed_in)}?go=1").status_code == 200


def test_a_double_click_is_one_purchase_and_one_session(signed_in: FlaskClient, sandbox: StripeSandbox) -> None:
    places = {order(signed_in, pack="10", form_ref="form-0001").headers["Location"] for _ in range(10)}
    assert len(places) == 1
    assert count("purchases") == 1
    assert len(sandbox.sent("POST /v1/checkout/sessions")) == 1


@pytest.mark.pain(25)
def test_so_many_purchases_an_hour_are_enough(
    signed_in: FlaskClient, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("randonumber.credits.service.starting.PURCHASES_PER_HOUR", 2)
    assert [order(signed_in, pack="1").status_code for _ in range(3)] == [303, 303, 429]
    assert count("purchases") == 2
    assert len(sandbox.sent("POST /v1/checkout/sessions")) == 2


def test_the_history_pages(signed_in: FlaskClient, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        order(signed_in, pack="1")
    first = refs_in(signed_in.get("/credits/purchases").text)
    assert len(first) == 3
    oldest = min(first, key=lambda ref: stored(ref).id)
    newest = max(first, key=lambda ref: stored(ref).id)
    assert refs_in(signed_in.get(f"/credits/purchases?before={oldest}").text) == set()
    assert refs_in(signed_in.get(f"/credits/purchases?before={newest}").text) == first - {newest}


@pytest.mark.parametrize("path", ["checkout", "return page"])
def test_no_database_connection_is_held_while_stripe_is_asked(
    signed_in: FlaskClient, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    held: list[int] = []
    request = sandbox.transport.request
    pool = db.engine.pool
    assert isinstance(pool, QueuePool)

    def asked(*given: Any, **more: Any) -> Any:
        held.append(pool.checkedout())
        return request(*given, **more)

    if path == "return page":
        order(signed_in, pack="10")
        ref = only_ref(signed_in)
    before = pool.checkedout()
    monkeypatch.setattr(sandbox.transport, "request", asked)
    if path == "return page":
        signed_in.get(f"/credits/purchases/{ref}")
    else:
        order(signed_in, pack="10")
    assert held
    assert set(held) == {before}


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_by_something_in_between_leaves_the_order_to_go_on_by_itself(
    signed_in: FlaskClient, sandbox: StripeSandbox, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with monkeypatch.context() as patch:
        page = ("<html>a proxy's</html>", status, {"content-type": "text/html"})
        patch.setattr(sandbox.transport, "request", lambda *_given, **_more: page)
        assert order(signed_in, pack="10").status_code == 303
    ref = only_ref(signed_in)
    assert stored(ref).status == PurchaseStatus.PENDING
    assert count("stripe_calls", "closed_at IS NULL") == 1

    run_jobs(early=True)
    run_jobs(early=True)
    assert stored(ref).checkout_url is not None
    assert count("stripe_calls", "closed_at IS NULL") == 0


@pytest.mark.parametrize("refusal", [StripeRefused("not now"), StripeNotFound("no such intent", status=404)])
def test_the_return_page_stands_when_stripe_refuses(
    signed_in: FlaskClient, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch, refusal: StripeRefused
) -> None:
    back = sandbox.pay(order(signed_in, pack="10").headers["Location"])
    assert back is not None

    def refuse(*_given: str) -> None:
        raise refusal

    monkeypatch.setattr(type(gateway()), "get_payment_intent", refuse)
    page = signed_in.get(urlsplit(back).path)
    assert page.status_code == 200
    assert stored(only_ref(signed_in)).status == PurchaseStatus.PENDING
