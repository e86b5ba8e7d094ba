from __future__ import annotations

import pytest

from randonumber.sandbox.wire.errors import Refused
from randonumber.sandbox.wire.forms import decode


def test_brackets_nest_and_numbers_make_lists() -> None:
    pairs = [("a[b][0][c]", "1"), ("a[b][1][c]", "2"), ("expand[]", "x"), ("expand[]", "y"), ("plain", "z")]
    assert decode(pairs) == {"a": {"b": [{"c": "1"}, {"c": "2"}]}, "expand": ["x", "y"], "plain": "z"}


def test_lists_are_in_the_order_of_their_numbers() -> None:
    assert decode([("a[10]", "k"), ("a[2]", "c"), ("a[0]", "a")]) == {"a": ["a", "c", "k"]}


def test_a_hash_with_a_name_among_numbers_stays_a_hash() -> None:
    assert decode([("metadata[1]", "a"), ("metadata[b]", "c")]) == {"metadata": {"1": "a", "b": "c"}}


@pytest.mark.parametrize("key", ["a[b", "a]b", "[a]", "a[b]c", "", "a" + "[b]" * 12, "a[[b]]", "a\0b"])
def test_brackets_that_do_not_close_are_refused(key: str) -> None:
    with pytest.raises(Refused):
        decode([(key, "1")])


@pytest.mark.parametrize("pairs", [[("a", "1"), ("a[b]", "2")], [("a[b]", "2"), ("a", "1")]])
def test_a_name_is_not_both_a_value_and_a_hash(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Refused, match="both as a value and as a hash"):
        decode(pairs)


def test_a_null_byte_is_refused() -> None:
    with pytest.raises(Refused, match="null byte"):
        decode([("a", "b\0c")])
