"""Every list keeps to the same rules: newest first, page by page both ways, filtered by its time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import create_sandbox, inprocess
from randonumber.sandbox.spec import description
from tests.sandbox.conftest import BASE, make_sdk
from tests.sandbox.driven import ADDRESSES, OPERATIONS
from tests.sandbox.driven.drive import Drive

if TYPE_CHECKING:
    from collections.abc import Callable

LISTS = sorted(
    operation.name.partition(" ")[2]
    for operation in description.load().operations
    if operation.name.startswith("GET") and "starting_after" in operation.params["properties"]
)
DATED = sorted(
    path
    for path in LISTS
    if "created" in next(one for one in description.load().operations if one.name == f"GET {path}").params["properties"]
)


@pytest.fixture(scope="module")
def filled() -> Drive:
    """A sandbox in which everything has been done once, some of it an hour later."""
    sandbox = create_sandbox(strict=True)
    drive = Drive(sandbox, make_sdk(sandbox))
    for number, (name, call) in enumerate(sorted(OPERATIONS.items())):
        if name.startswith("POST"):
            with contextlib.suppress(stripe.InvalidRequestError):  # what one of them ended, another cannot change
                call(drive)
        if number % 10 == 0:
            inprocess.advance(sandbox, 60)
    return drive


@pytest.fixture
def get(filled: Drive) -> Callable[..., Any]:
    def send(path: str, **params: Any) -> Any:
        address = path.format_map(ADDRESSES[path](filled)) if "{" in path else path
        found = filled.sandbox.test_client().get(
            address, query_string=params, base_url=BASE, headers={"Authorization": "Bearer sk_test_one"}
        )
        assert found.status_code == 200, found.text
        return found.json

    return send


def ids(found: Any) -> list[str]:
    return [one["id"] for one in found["data"]]


@pytest.mark.parametrize("path", LISTS)
def test_walking_forward_and_back_gives_the_same_objects(get: Callable[..., Any], path: str) -> None:
    if "{" in path:  # what such an address names is made anew each time
        assert get(path, limit=1)["object"] == "list"
        return
    whole = get(path, limit=100)
    if whole["has_more"]:
        whole["data"] = whole["data"][:12]
    expected, walked, back = ids(whole), list[str](), list[str]()
    while len(walked) < len(expected):
        walked += ids(get(path, limit=3, **({"starting_after": walked[-1]} if walked else {})))
    assert walked[: len(expected)] == expected
    if expected:
        back = ids(get(path, limit=100, ending_before=expected[-1]))
        assert back == expected[:-1]
        times = [one.get("created", 0) for one in whole["data"]]
        assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("path", DATED)
def test_a_list_is_filtered_by_each_comparison_of_its_time(get: Callable[..., Any], path: str) -> None:
    if "{" in path:
        return
    whole = get(path, limit=100)["data"]
    assert whole, "there is something of every kind"
    moment = whole[len(whole) // 2]["created"]
    comparisons: list[tuple[str, Callable[[int], bool]]] = [
        ("created[gt]", lambda created: created > moment),
        ("created[gte]", lambda created: created >= moment),
        ("created[lt]", lambda created: created < moment),
        ("created[lte]", lambda created: created <= moment),
        ("created", lambda created: created == moment),
    ]
    for name, holds in comparisons:
        found = ids(get(path, limit=100, **{name: moment}))
        expected = [one["id"] for one in whole if holds(one["created"])]
        assert found[: len(expected)] == expected, name
        if len(whole) < 100:
            assert found == expected, name
