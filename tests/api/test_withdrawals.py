"""Withdrawing over the API: cents alone, every reason at once, and the same key once."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber.config import ROOT
from randonumber.database import transaction
from tests.payouts.withdrawers import CREATE, count, make_withdrawer
from tests.people import bearer, csrf_token, make_key, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.payouts.withdrawers import Withdrawer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

PATH = "/api/v1/withdrawals"


@pytest.fixture
def withdrawer(sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs) -> Withdrawer:
    return make_withdrawer(sandbox, deliver_webhooks, run_jobs, 5000)


@pytest.fixture
def key(withdrawer: Withdrawer) -> str:
    return make_key(withdrawer.person, ("read", "withdraw"))


def ask(client: FlaskClient, key: str, amount: Any = 2000, *, query: str = "", **headers: str) -> TestResponse:
    return client.post(PATH + query, json={"amount": amount}, headers=bearer(key) | headers)


def test_a_withdrawal_is_made_and_can_be_followed(
    client: FlaskClient,
    key: str,
    withdrawer: Withdrawer,
) -> None:
    answer = ask(client, key)
    body = answer.get_json()
    assert answer.status_code == 201
    assert {name: body[name] for name in ("amount", "fee", "currency", "destination", "transfer")} == {
        "amount": 2000,
        "fee": 0,
        "currency": "usd",
        "destination": withdrawer.account,
        "transfer": None,
    }
    shown = client.get(f"{PATH}/{body['withdrawal']}", headers=bearer(key)).get_json()
    [transfer] = withdrawer.transfers()
    assert (shown["status"], shown["transfer"]) == ("paid", transfer.id)
    listed = client.get(PATH, headers=bearer(key)).get_json()
    assert (listed["data"], listed["next_cursor"]) == ([shown], None)
    [actor] = actors()
    assert actor.startswith("key:rn_")


def test_all_of_it(client: FlaskClient, key: str, withdrawer: Withdrawer) -> None:
    assert ask(client, key, "all").get_json()["amount"] == 5000
    assert withdrawer.left == 0


def test_the_same_key_withdraws_once_and_answers_with_the_same_bytes(
    client: FlaskClient,
    key: str,
    withdrawer: Withdrawer,
) -> None:
    first = ask(client, key, **{"Idempotency-Key": "one"})
    again = ask(client, key, **{"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ask(client, key, 1000, **{"Idempotency-Key": "one"}).status_code == 422
    assert (count("withdrawals"), withdrawer.left, withdrawer.received()) == (1, 3000, 2000)


@pytest.mark.pain(17)
def test_the_same_key_eight_times_at_once_is_one_withdrawal(committed: Flask, key: str, withdrawer: Withdrawer) -> None:
    start = threading.Barrier(8)

    def run(client: FlaskClient) -> tuple[int, bytes]:
        start.wait()
        answer = ask(client, key, **{"Idempotency-Key": "one"})
        return answer.status_code, answer.data

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(run, [committed.test_client() for _ in range(8)]))
    made = {data for status, data in answers if status == 201}
    assert (len(made), {status for status, _ in answers} <= {201, 409}) == (1, True)
    assert {ask(committed.test_client(), key, **{"Idempotency-Key": "one"}).data} == made
    withdrawer.run(early=True)  # who was too busy has left it to the worker
    assert (count("withdrawals"), withdrawer.left, withdrawer.received()) == (1, 3000, 2000)


def test_the_answer_that_the_page_shows_has_the_members_of_a_true_one(
    client: FlaskClient, key: str, withdrawer: Withdrawer
) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    [shown] = re.findall(r"```json\n(\{\"withdrawal\".*?)```", page, re.DOTALL)
    assert set(json.loads(shown)) == set(ask(client, key).get_json())


def test_a_refusal_stores_nothing_and_the_key_may_be_tried_again(
    client: FlaskClient,
    key: str,
    withdrawer: Withdrawer,
) -> None:
    assert ask(client, key, 6000, **{"Idempotency-Key": "one"}).status_code == 409
    withdrawer.fill(1000)
    assert ask(client, key, 6000, **{"Idempotency-Key": "one"}).status_code == 201


def test_a_refusal_names_every_reason(client: FlaskClient, key: str, withdrawer: Withdrawer) -> None:
    withdrawer.owe(100)
    answer = ask(client, key, 6000)
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (409, "refused")
    assert [reason["code"] for reason in body["reasons"]] == ["insufficient_funds", "debt"]
    assert {"code", "message", "until"} == set(body["reasons"][0])
    tried = ask(client, key, 6000, query="?dry_run=true")
    assert (tried.status_code, tried.get_json()) == (200, {"allowed": False, "reasons": body["reasons"]})
    assert count("withdrawals") == 0


def test_a_dry_run_moves_nothing(client: FlaskClient, key: str, withdrawer: Withdrawer) -> None:
    answer = ask(client, key, query="?dry_run=true")
    assert (answer.status_code, answer.get_json()) == (200, {"allowed": True, "reasons": []})
    assert (count("withdrawals"), withdrawer.left) == (0, 5000)
    assert ask(client, key, query="?dry_run=yes").status_code == 400


@pytest.mark.parametrize(
    "amount",
    [0, -1, 20.0, 20.5, "2000", "ALL", True, False, None, [], {}, 2**63, 2**63 - 1, 10**30, "\x00", "-1"],
    ids=str,
)
def test_what_is_no_amount_is_said_so(
    client: FlaskClient,
    key: str,
    withdrawer: Withdrawer,
    amount: Any,
) -> None:
    answer = ask(client, key, amount)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "amount")
    assert (count("withdrawals"), withdrawer.left) == (0, 5000)


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"amount": 2000, "amount": 1000}', '{"amount": NaN}', '{"amount": 1e400}', "\xff"]
)
def test_broken_bodies_are_refused(client: FlaskClient, key: str, body: str) -> None:
    answer = client.post(PATH, data=body.encode("latin-1"), content_type="application/json", headers=bearer(key))
    assert (answer.status_code, count("withdrawals")) == (400, 0)


def test_what_is_not_known_is_not_ignored(client: FlaskClient, key: str) -> None:
    answer = client.post(PATH, json={"amount": 2000, "destination": "acct_mine"}, headers=bearer(key))
    assert (answer.status_code, count("withdrawals")) == (400, 0)


def test_a_key_needs_its_scope(client: FlaskClient, withdrawer: Withdrawer) -> None:
    answer = ask(client, make_key(withdrawer.person, ("read", "draw")))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")
    assert ask(client, "rn_" + "x" * 40).status_code == 401
    assert client.post(PATH, json={"amount": 2000}).status_code == 401
    assert count("withdrawals") == 0


def test_a_browser_needs_a_fresh_password_and_its_token(
    client: FlaskClient,
    withdrawer: Withdrawer,
) -> None:
    sign_in(client, withdrawer.person)
    token = csrf_token(client, "/wallet")
    assert client.post(PATH, json={"amount": 1000}).status_code == 400
    assert client.post(PATH, json={"amount": 1000}, headers={"X-CSRFToken": token}).status_code == 201
    with transaction() as session:
        session.execute(text("UPDATE user_sessions SET verified_at = now() - interval '6 minutes'"))
    answer = client.post(PATH, json={"amount": 1000}, headers={"X-CSRFToken": token})
    [reason] = answer.get_json()["reasons"]
    assert (answer.status_code, reason["code"]) == (409, "reauthentication_required")
    assert count("withdrawals") == 1


def test_strangers_see_nothing(client: FlaskClient, key: str, committed: Flask) -> None:
    ref = ask(client, key).get_json()["withdrawal"]
    other = bearer(make_key(make_user()))
    assert client.get(f"{PATH}/{ref}", headers=other).status_code == 404
    assert client.get(f"{PATH}/wd_x", headers=other).status_code == 404
    assert client.get(PATH, headers=other).get_json()["data"] == []
    assert client.get(f"{PATH}?cursor={ref}", headers=other).status_code == 400
    assert committed.test_client().get(PATH).status_code == 401


def test_an_answer_that_is_lost_leaves_it_sent_and_it_ends_by_itself(
    client: FlaskClient,
    key: str,
    withdrawer: Withdrawer,
) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_after")
    ref = ask(client, key).get_json()["withdrawal"]
    assert client.get(f"{PATH}/{ref}", headers=bearer(key)).get_json()["status"] == "sent"
    withdrawer.run(early=True)
    assert client.get(f"{PATH}/{ref}", headers=bearer(key)).get_json()["status"] == "paid"
    assert withdrawer.received() == 2000


def actors() -> list[str]:
    with transaction() as session:
        query = text("SELECT DISTINCT actor FROM transactions WHERE kind LIKE 'withdrawal_%'")
        return list(session.execute(query).scalars())
