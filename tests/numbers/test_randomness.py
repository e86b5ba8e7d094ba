"""Each value of a range is equally likely: shown on every word there is, and on long runs of fixed bytes."""

from __future__ import annotations

import struct
from collections import Counter
from random import Random

import pytest

from randonumber.numbers.randomness import integers, word_for

CHI_SQUARE_99_9 = {1: 10.83, 5: 20.52, 9: 27.88, 99: 148.23}
"""The value that a fair run exceeds once in a thousand times, by degrees of freedom: any table of the statistic."""


EVERY_WORD = struct.pack("65536H", *range(65536))


def mapped_words(minimum: int, maximum: int) -> list[int]:
    """Return what each of the 65,536 words of two bytes is mapped to, without those that are rejected."""
    rejected = 0

    def entropy(size: int) -> bytes:
        nonlocal rejected
        if size == len(EVERY_WORD):
            return EVERY_WORD
        rejected = size // 2
        return bytes(size)

    return integers(minimum, maximum, 65536, entropy)[: 65536 - rejected]


def chi_square(values: list[int], span: int) -> float:
    expected = len(values) / span
    counts = Counter(values)
    return sum((counts[value] - expected) ** 2 for value in counts) / expected + (span - len(counts)) * expected


@pytest.mark.parametrize("span", [1, 2, 3, 5, 6, 7, 10, 37, 100, 127, 128, 129, 200, 255, 256])
def test_of_all_words_each_value_gets_the_same_number(span: int) -> None:
    counts = Counter(mapped_words(-3, span - 4))
    assert set(counts.values()) == {65536 // span}
    assert sorted(counts) == list(range(-3, span - 3))


@pytest.mark.parametrize(("minimum", "maximum"), [(0, 1), (1, 6), (0, 9), (-50, 49)])
def test_a_long_run_is_even(minimum: int, maximum: int) -> None:
    span = maximum - minimum + 1
    values = integers(minimum, maximum, 100_000, Random(20_260_101).randbytes)  # noqa: S311 - fixed bytes are the point
    assert min(values) == minimum
    assert max(values) == maximum
    assert chi_square(values, span) < CHI_SQUARE_99_9[span - 1]


def test_the_widest_range_is_even_in_its_tenths() -> None:
    values = integers(-(10**9), 10**9, 100_000, Random(7).randbytes)  # noqa: S311 - fixed bytes are the point
    tenths = [min(9, (value + 10**9) * 10 // (2 * 10**9)) for value in values]
    assert chi_square(tenths, 10) < CHI_SQUARE_99_9[9]


def test_both_ends_of_the_range_come_up() -> None:
    assert set(integers(0, 9, 1_000)) == set(range(10))
    assert integers(5, 5, 3) == [5, 5, 5]


def test_the_generator_is_asked_once_for_a_batch() -> None:
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    assert integers(1, 6, 10_000, entropy) == [1] * 10_000
    assert asked == [20_000]


@pytest.mark.parametrize(("span", "size"), [(1, 2), (256, 2), (257, 4), (2**24, 4), (2**24 + 1, 8), (2 * 10**9 + 1, 8)])
def test_less_than_one_word_in_256_is_rejected(span: int, size: int) -> None:
    assert word_for(span)[0] == size
    rejected = 256**size % span
    assert rejected * 256 < 256**size


def test_a_range_too_wide_is_refused() -> None:
    with pytest.raises(ValueError, match="wider"):
        word_for(2**56 + 1)
