"""The examples in docs/sandbox.md run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import stripe

from randonumber.config import ROOT
from randonumber.sandbox import create_sandbox, faults
from randonumber.sandbox.spec.prune import HERE, offered
from tests.sandbox.served import served

if TYPE_CHECKING:
    from collections.abc import Callable

SUBJECTS = frozenset(
    {"account", "balance", "capability", "charge", "checkout", "customer", "payment", "payment_intent"}
    | {"payment_method", "payout", "refund", "setup_intent", "transfer"}
)
DOINGS = frozenset(
    {"async_payment_failed", "async_payment_succeeded", "attached", "authorized", "available", "canceled", "closed"}
    | {"completed", "created", "deauthorized", "deleted", "detached", "expired", "failed", "funds_reinstated"}
    | {"funds_withdrawn", "paid", "payment_failed", "pending", "processing", "reconciliation_completed", "refunded"}
    | {"requires_action", "reversed", "setup_failed", "succeeded", "updated"}
)
TEXT = (ROOT / "docs" / "sandbox.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_example_for_another_project_runs_and_has_ten_lines() -> None:
    (example,) = blocks("python")
    assert len([line for line in example.splitlines() if line]) == 10
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own page
    assert names["hook"].event_id.startswith("evt_")


def test_the_example_of_connect_runs_over_http() -> None:
    steps = re.findall(r"```text\n(.*?)```", TEXT.split("### Connect, step by step")[1].split("## ")[0], re.DOTALL)
    with served(create_sandbox(strict=True)) as url:
        sdk = stripe.StripeClient("sk_test_1", base_addresses={"api": url, "connect": url})
        names: dict[str, Any] = {"sdk": sdk, "requests": requests, "parse_qs": parse_qs, "urlsplit": urlsplit}
        for step in steps:
            exec(step.replace("http://127.0.0.1:5001", url), names)  # noqa: S102 - our own page
        connected = sdk.v1.accounts.list().data
    assert len(steps) == 2
    assert {one.id for one in connected} == {names["account"].id, names["account_id"]}


def plans() -> list[str]:
    """A fault for each line of the examples."""
    (lines,) = blocks("json")
    return lines.splitlines()


@pytest.mark.parametrize("plan", plans())
def test_each_rehearsal_can_be_planned(raw: Callable[..., Any], plan: str) -> None:
    assert raw("POST", "/_sandbox/faults", data=plan, content_type="application/json").status_code == 201


def test_each_fault_has_an_example() -> None:
    assert {json.loads(plan)["fault"] for plan in plans()} == faults.EVERY


def test_the_page_names_each_type_of_event() -> None:
    named = set[str]()
    for first, *more in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)((?:/[a-z_]+)*)`", TEXT):
        named |= {first, *[f"{first.rpartition('.')[0]}.{name}" for name in more[0].split("/")[1:]]}
    sent = {
        value
        for path in (ROOT / "randonumber" / "sandbox").rglob("*.py")
        for value in re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', path.read_text())
        if value.partition(".")[0] in SUBJECTS and value.rpartition(".")[2] in DOINGS
    }
    assert len(sent) > 40
    assert sent - named == set()


def test_the_page_names_each_resource_that_is_offered() -> None:
    words = {
        "account": "account, own",
        "account_links": "account links",
        "accounts": "accounts",
        "balance": "balance",
        "balance_transactions": "balance transactions",
        "charges": "charges",
        "checkout": "Checkout Sessions",
        "customers": "customers",
        "disputes": "disputes",
        "events": "events",
        "payment_intents": "PaymentIntents",
        "payment_methods": "payment methods",
        "payouts": "payouts",
        "refunds": "refunds",
        "setup_intents": "SetupIntents",
        "transfers": "transfers",
        "webhook_endpoints": "webhook endpoints",
    }
    kinds = {path.split("/")[2] for _, path in offered((HERE / "operations.txt").read_text().splitlines())}
    assert kinds == set(words)
    table = TEXT.split("## What is there")[1].split("## What differs")[0]
    assert not [word for word in words.values() if word not in table]
