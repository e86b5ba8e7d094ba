"""What may be asked for, and that nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from randonumber.errors import InvalidRequest
from randonumber.numbers import wishes

GOOD = {"type": "integer", "min": 1, "max": 6, "n": 3}
NOT_A_NUMBER: list[Any] = [
    None,
    True,
    False,
    0.5,
    1e3,
    "1",
    "1e3",
    " 1",
    "",
    [],
    [1],
    {},
    {"a": 1},
    2**31,
    2**63,
    -(2**63),
]


def fields_of(refusal: InvalidRequest) -> set[str]:
    return {error["field"] for error in refusal.errors}


def test_what_is_asked_for_is_drawn() -> None:
    wish = wishes.read(GOOD)
    assert (wish.request, wish.credits) == ({"min": 1, "max": 6, "n": 3}, 3)
    values = wish.draw()
    assert len(values) == 3
    assert set(values) <= set(range(1, 7))


@pytest.mark.parametrize("changed", [{"min": -(10**9), "max": 10**9}, {"n": 10_000}, {"min": 6}, {"n": 1}])
def test_the_limits_themselves_are_allowed(changed: dict[str, Any]) -> None:
    assert len(wishes.read(GOOD | changed).draw()) == (GOOD | changed)["n"]


@pytest.mark.parametrize("value", NOT_A_NUMBER)
@pytest.mark.parametrize("field", ["min", "max", "n"])
def test_only_whole_numbers_are_numbers(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        wishes.read(GOOD | {field: value})
    assert fields_of(refusal.value) == {field}


@pytest.mark.parametrize("field", ["min", "max", "n"])
def test_nothing_may_be_missing(field: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        wishes.read({name: value for name, value in GOOD.items() if name != field})
    assert fields_of(refusal.value) == {field}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"n": 0}, "n"),
        ({"n": -1}, "n"),
        ({"n": 10_001}, "n"),
        ({"min": -(10**9) - 1}, "min"),
        ({"max": 10**9 + 1}, "max"),
        ({"min": 7}, "max"),
        ({"type": "dice"}, "type"),
        ({"type": None}, "type"),
        ({"type": ["integer"]}, "type"),
        ({"type": "\ud800"}, "type"),
        ({"credits": 0}, "credits"),
        ({"user_id": 1}, "user_id"),
        ({"price": 0}, "price"),
    ],
)
def test_the_field_that_is_wrong_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        wishes.read(GOOD | changed)
    assert fields_of(refusal.value) == {field}


@pytest.mark.parametrize("body", [None, [], [GOOD], "integer", 1, True])
def test_only_an_object_is_a_request(body: Any) -> None:
    with pytest.raises(InvalidRequest):
        wishes.read(body)


def test_thousands_of_unknown_fields_do_not_make_a_long_answer() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        wishes.read({f"{number:0200}": 1 for number in range(5_000)})
    assert len(refusal.value.errors) < 30
