"""Nothing that can be sent gives a 500 or an answer that Stripe's description does not allow."""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from randonumber.sandbox import create_sandbox
from randonumber.sandbox.spec import description
from tests.sandbox.conftest import BASE, make_sdk
from tests.sandbox.driven import ADDRESSES
from tests.sandbox.driven.drive import Drive

ODD = [
    "",
    "0",
    "-1",
    "1",
    "999999999999999999",
    "1e3",
    "true",
    "usd",
    "x" * 600,
    "é",
    "'",
    "null",
    "[]",
    "*",
    "../x",
    "%00",
]
Pairs = list[tuple[str, str]]


def values(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Likely and unlikely strings for one parameter."""
    known = [str(item) for item in schema.get("enum", [])]
    return st.sampled_from(known + ODD) if known else st.sampled_from(ODD)


def pairs_of(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Pairs]:
    """One parameter as form pairs, of its own shape or of another."""
    if "anyOf" in schema:
        return st.one_of([pairs_of(name, choice) for choice in schema["anyOf"]])
    if schema.get("type") == "object" and schema.get("properties"):
        inner = [pairs_of(f"{name}[{key}]", value) for key, value in sorted(schema["properties"].items())[:40]]
        return st.lists(st.one_of(inner), max_size=4).map(lambda found: [pair for pairs in found for pair in pairs])
    if schema.get("type") == "object":
        return st.lists(
            st.tuples(st.sampled_from([f"{name}[a]", f"{name}[b]", f"{name}[]"]), st.sampled_from(ODD)), max_size=3
        )
    if schema.get("type") == "array":
        return st.lists(pairs_of(f"{name}[0]", schema["items"]), max_size=2).map(lambda found: sum(found, Pairs()))
    return values(schema).map(lambda value: [(name, value)])


@pytest.fixture(scope="module")
def filled() -> Drive:
    """A sandbox with objects of each kind."""
    sandbox = create_sandbox(strict=True)
    return Drive(sandbox, make_sdk(sandbox))


@functools.cache
def address(on: Drive, template: str) -> str:
    """An address with ids that exist."""
    return template.format_map(ADDRESSES[template](on)) if "{" in template else template


OPERATIONS = sorted(description.load().operations, key=lambda operation: operation.name)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_sent_is_answered_in_order(
    filled: Drive, operation: description.Operation, data: st.DataObject
) -> None:
    method, _, template = operation.name.partition(" ")
    properties = operation.params["properties"]
    names = data.draw(st.lists(st.sampled_from(sorted(properties)), max_size=4, unique=True)) if properties else []
    needed = [name for name in operation.params["required"] if data.draw(st.booleans())]
    form = [pair for name in {*names, *needed} for pair in data.draw(pairs_of(name, properties[name]))]
    path = address(filled, template) if data.draw(st.booleans()) else template.format_map(Wrong())
    sent: dict[str, Any] = {"query_string": urlencode(form)}
    if method == "POST":
        sent = {"data": urlencode(form), "content_type": "application/x-www-form-urlencoded"}
    headers = {"Authorization": "Bearer sk_test_one"}
    client: Any = filled.sandbox.test_client()
    answer = client.open(path, method=method, base_url=BASE, headers=headers, buffered=True, **sent)
    assert answer.status_code in (200, 400, 402, 403, 404), answer.text
    assert ("error" in answer.json) == (answer.status_code != 200)


class Wrong(dict[str, str]):
    """An id that does not exist, for every place."""

    def __missing__(self, key: str) -> str:
        return "wrong_1"
