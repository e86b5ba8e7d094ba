"""A card is saved by the owner's browser and Stripe alone; here is only what came of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.credits.models import CardSetupStatus
from randonumber.credits.service import card_setups
from randonumber.errors import RateLimited
from randonumber.failpoints import FailpointRaised, arm
from tests.credits.conftest import Buyer, count
from tests.credits.saving import ASKS_ALWAYS, GOOD, Saver, answer_bank, live
from tests.people import csrf_token, make_user, sign_in
from tests.stripe_fixtures import hurry

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from randonumber.credits.service.card_setups import Setup
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

SETUPS = "POST /v1/setup_intents"
CUSTOMERS = "POST /v1/customers"
NETWORK = "10.0.0.0/24"


@pytest.fixture
def saver(buyer: Buyer, sandbox: StripeSandbox) -> Saver:
    return Saver(buyer=buyer, sandbox=sandbox)


def start(saver: Saver, form_ref: str = "form-0001") -> Setup:
    return card_setups.start(saver.person, form_ref, network=NETWORK)


def confirm(saver: Saver, setup_intent_id: str, number: str = GOOD) -> Any:
    """Do what Stripe.js does in the owner's browser."""
    card: Any = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = saver.sandbox.client.v1.payment_methods.create({"type": "card", "card": card}).id
    given: Any = {"payment_method": method, "return_url": "http://127.0.0.1:5000/account/cards"}
    return saver.sandbox.client.v1.setup_intents.confirm(setup_intent_id, given)


def setups_at_stripe(saver: Saver) -> int:
    return len(saver.sandbox.client.v1.setup_intents.list({"limit": 100}).data)


def post(client: FlaskClient, body: Any, page: str = "/account/cards") -> TestResponse:
    headers = {"X-CSRFToken": csrf_token(client, "/credits"), "Content-Type": "application/json"}
    return client.post("/account/cards/setup-intents", data=json.dumps(body), headers=headers)


def test_a_form_starts_one_setup(saver: Saver) -> None:
    first = start(saver)
    assert start(saver) == first
    assert first.setup_intent_id is not None
    assert setups_at_stripe(saver) == 1
    intent = saver.sandbox.client.v1.setup_intents.retrieve(first.setup_intent_id)
    assert (intent.customer, intent.usage, intent.payment_method_types) == (saver.customer(), "off_session", ["card"])


def test_ten_presses_at_once_start_one_setup(saver: Saver, committed: Flask, run_jobs: RunJobs) -> None:
    def press(_: int) -> Setup:
        with committed.app_context():
            return start(saver)

    with ThreadPoolExecutor(10) as threads:
        pressed = set(threads.map(press, range(10)))
    run_jobs(early=True)
    assert len({one.ref for one in pressed}) == 1
    assert (setups_at_stripe(saver), count("card_setups"), count("stripe_customers")) == (1, 1, 1)


@pytest.mark.parametrize("operation", [SETUPS, CUSTOMERS])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500", "error_500_done", "error_429"])
def test_a_lost_answer_ends_in_one_setup(saver: Saver, run_jobs: RunJobs, operation: str, fault: str) -> None:
    saver.sandbox.fault(operation, fault)
    assert start(saver).setup_intent_id is None
    for _ in range(12):
        run_jobs(early=True, may_fail=True)
        if start(saver).setup_intent_id:
            break
    assert start(saver).setup_intent_id is not None
    assert setups_at_stripe(saver) == 1


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_a_process_that_dies_on_the_way_leaves_one_setup(saver: Saver, run_jobs: RunJobs, point: str) -> None:
    arm({point: "raise"})
    with pytest.raises(FailpointRaised):
        start(saver)
    arm({})
    run_jobs(early=True)
    assert start(saver).setup_intent_id is not None
    assert setups_at_stripe(saver) == 1


def test_an_event_brings_the_card(saver: Saver, deliver_webhooks: DeliverWebhooks) -> None:
    setup = start(saver)
    assert setup.setup_intent_id is not None
    confirm(saver, setup.setup_intent_id)
    deliver_webhooks(copies=2, shuffle=3)
    assert [card.last4 for card in live(saver.person.user_id)] == ["4242"]
    assert start(saver).status == CardSetupStatus.SUCCEEDED


def test_a_customer_who_is_gone_is_made_anew_and_the_setup_goes_on(saver: Saver) -> None:
    saver.save()
    saver.sandbox.client.v1.customers.delete(saver.customer())
    setup = start(saver)
    assert setup.setup_intent_id is not None
    assert live(saver.person.user_id) == []
    confirm(saver, setup.setup_intent_id)
    card_setups.finish(saver.person.user_id, setup.setup_intent_id)
    assert [card.last4 for card in live(saver.person.user_id)] == ["4242"]


@pytest.mark.pain(25)
def test_setups_are_limited_by_user(saver: Saver) -> None:
    for number in range(card_setups.SETUPS_PER_HOUR):
        start(saver, f"form-{number:04}")
    start(saver, "form-0000")  # sent again: not counted
    with pytest.raises(RateLimited):
        start(saver, "form-9999")
    assert setups_at_stripe(saver) == card_setups.SETUPS_PER_HOUR


def test_the_browser_is_given_a_secret_that_is_kept_nowhere(saver: Saver, client: FlaskClient) -> None:
    sign_in(client, saver.buyer.person)
    answer = post(client, {"form_ref": "form-0001"})
    assert answer.status_code == 200
    found = answer.get_json()
    assert found["client_secret"].startswith(f"{found['setup_intent']}_secret_")
    assert count("stripe_calls", "params LIKE '%%_secret_%%'") == 0
    assert post(client, {"form_ref": "form-0001"}).get_json() == found


@pytest.mark.parametrize("body", [None, [], {}, {"form_ref": 1}, {"form_ref": "x"}, {"form_ref": "form-0001", "a": 1}])
def test_what_is_no_form_is_refused_and_leaves_no_row(saver: Saver, client: FlaskClient, body: Any) -> None:
    sign_in(client, saver.buyer.person)
    answer = post(client, body)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert count("card_setups") == 0


def test_without_the_token_nothing_starts(saver: Saver, client: FlaskClient) -> None:
    sign_in(client, saver.buyer.person)
    assert client.post("/account/cards/setup-intents", json={"form_ref": "form-0001"}).status_code == 400
    assert count("card_setups") == 0


def test_while_stripe_is_silent_the_browser_is_told_to_try_later(saver: Saver, client: FlaskClient) -> None:
    sign_in(client, saver.buyer.person)
    saver.sandbox.fault(SETUPS, "reset_before")
    answer = post(client, {"form_ref": "form-0001"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "try_later")
    assert "Retry-After" in answer.headers
    hurry()  # a person who asks again is answered after a second
    assert post(client, {"form_ref": "form-0001"}).status_code == 200
    assert setups_at_stripe(saver) == 1


def test_who_comes_back_finds_the_card_and_no_secret_in_the_address(saver: Saver, client: FlaskClient) -> None:
    sign_in(client, saver.buyer.person)
    setup_intent = post(client, {"form_ref": "form-0001"}).get_json()["setup_intent"]
    confirm(saver, setup_intent)
    back = client.get(f"/account/cards?setup_intent={setup_intent}&setup_intent_client_secret=x")
    assert (back.status_code, back.location) == (303, "/account/cards")
    page = client.get("/account/cards").text
    assert "Your card is saved." in page
    assert "Visa ending in 4242" in page
    assert post(client, {"form_ref": "form-0001"}).status_code == 409


def test_a_setup_that_the_bank_refuses_saves_nothing_and_says_so(saver: Saver, client: FlaskClient) -> None:
    sign_in(client, saver.buyer.person)
    setup_intent = post(client, {"form_ref": "form-0001"}).get_json()["setup_intent"]
    asked = confirm(saver, setup_intent, ASKS_ALWAYS)
    answer_bank(saver.sandbox, asked.next_action.redirect_to_url.url, "fail")
    client.get(f"/account/cards?setup_intent={setup_intent}")
    assert "Your bank did not agree" in client.get("/account/cards").text
    assert live(saver.person.user_id) == []


def test_a_strangers_setup_does_nothing_on_return(saver: Saver, client: FlaskClient) -> None:
    setup = start(saver)
    assert setup.setup_intent_id is not None
    confirm(saver, setup.setup_intent_id)
    sign_in(client, make_user())
    before = len(saver.sandbox.exchanges)
    assert client.get(f"/account/cards?setup_intent={setup.setup_intent_id}").status_code == 303
    assert len(saver.sandbox.exchanges) == before, "Stripe is not asked about it"
    assert count("cards") == 0
