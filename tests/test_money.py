"""Amounts are read exactly or refused with a sentence, and shown with their currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randonumber.money import NotAnAmount, format_credits, format_money, parse_amount, share_down


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12.50", 1250), ("12,50", 1250), ("12", 1200), (" 0.5 ", 50), ("0", 0), ("999999999999", 10**14 - 100)],
)
def test_an_amount_is_read_exactly(text: str, cents: int) -> None:
    assert parse_amount(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "0.001",
        "NaN",
        "inf",
        "1.2.3",
        "1,000.00",
        "1" * 30,
        "٣",
        "1_000",
        "0x10",
        "\x00",
        "½",
        ".",
    ],
)
def test_what_is_no_amount_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotAnAmount, match=r"12\.50"):
        parse_amount(text)


@given(st.integers(min_value=0, max_value=10**13))
def test_what_is_shown_can_be_typed_back(cents: int) -> None:
    assert parse_amount(f"{cents // 100}.{cents % 100:02d}") == cents


def test_amounts_are_shown_with_their_currency() -> None:
    assert format_money(1250) == "$12.50"
    assert format_money(-5) == "-$0.05"
    assert format_credits(12345) == "12,345"


@pytest.mark.pain(24)
@given(st.integers(0, 10**9), st.integers(1, 10**6), st.data())
def test_a_share_never_invents_a_cent(amount: int, whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    assert share_down(amount, part, whole) + share_down(amount, whole - part, whole) <= amount
    assert share_down(amount, whole, whole) == amount
