"""The examples in docs/sandbox.md run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.config import ROOT
from randonumber.sandbox.spec.prune import HERE, offered

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = (ROOT / "docs" / "sandbox.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_example_for_another_project_runs() -> None:
    (example,) = blocks("python")
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own page
    assert names["delivery"].event_id.startswith("evt_")


@pytest.mark.parametrize("plan", blocks("json"))
def test_each_rehearsal_can_be_planned(raw: Callable[..., Any], plan: str) -> None:
    assert raw("POST", "/_sandbox/faults", data=plan, content_type="application/json").status_code == 201


def test_the_page_names_each_resource_that_is_offered() -> None:
    words = {
        "account": "account",
        "balance": "balance",
        "balance_transactions": "balance transactions",
        "charges": "charges",
        "checkout": "Checkout Sessions",
        "customers": "customers",
        "events": "events",
        "payment_intents": "PaymentIntents",
        "payment_methods": "payment methods",
        "webhook_endpoints": "webhook endpoints",
    }
    kinds = {path.split("/")[2] for _, path in offered((HERE / "operations.txt").read_text().splitlines())}
    assert kinds == set(words)
    table = TEXT.split("## What is there")[1].split("## What differs")[0]
    assert not [word for word in words.values() if word not in table]
