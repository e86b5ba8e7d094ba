"""The product as a newcomer runs it: `manage.py up` in a folder of its own, driven over HTTP."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.whole.checkout import Checkout
from tests.whole.shopper import Shopper, walk_the_main_way

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path_factory.mktemp("a checkout"))
    checkout.up()
    yield checkout
    assert checkout.down() == 0


def test_a_newcomer_buys_and_draws_and_the_books_agree(running: Checkout) -> None:
    walk_the_main_way(running.base_url)
    running.manage("ledger", "check")
    report = json.loads(running.manage("stripe", "reconcile", "--json").stdout)
    assert report["difference"] == 0


def test_a_key_of_the_command_line_draws(running: Checkout) -> None:
    shopper = Shopper(running.base_url)
    shopper.register()
    key = running.manage("users", "key", shopper.email).stdout.splitlines()[-1]
    assert shopper.draw(key, 2).status_code == 201
    assert shopper.balance(key) == 1


def test_killing_web_and_worker_in_the_middle_changes_nothing(running: Checkout) -> None:
    shopper = Shopper(running.base_url)
    shopper.register()
    key = shopper.make_key()
    hosted_page = shopper.start_purchase(pack=10)
    running.kill("worker")
    shopper.pay(hosted_page)
    running.kill("serve")
    running.wait_ready()
    shopper.wait_for_credits(key, 13)
    answers = [shopper.draw(key, 5, idempotency_key="once") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert shopper.balance(key) == 8
    running.manage("ledger", "check")
    running.manage("stripe", "reconcile")


def test_the_sandbox_reaches_the_webhook(running: Checkout) -> None:
    auth = ("sk_test_sandbox", "")
    requests.post(f"{running.sandbox_url}/v1/customers", auth=auth, timeout=10).raise_for_status()
    Shopper(running.base_url).get("/")

    def pending() -> int:
        query = {"type": "customer.created", "limit": "1"}
        answer = requests.get(f"{running.sandbox_url}/v1/events", params=query, auth=auth, timeout=10)
        count: int = answer.json()["data"][0]["pending_webhooks"]
        return count

    deadline = time.monotonic() + 20
    while pending():
        assert time.monotonic() < deadline, "the webhook was not accepted"
        time.sleep(0.05)
