"""Amounts are read exactly or refused with a sentence, and shown with their currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randonumber.money import NotAnAmount, format_credits, format_money, parse_amount, read_amount, share_down


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


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12.50", 1250), ("12,50", 1250), ("$12.50", 1250), (" $ 7 ", 700), ("0.01", 1), ("007", 700)],
)
def test_an_amount_of_a_form_is_read_exactly(text: str, cents: int) -> None:
    assert read_amount(text) == cents


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "in dollars"),
        ("-1", "above zero"),
        ("1,234.50", "without separators"),
        ("1,234", "without separators"),
        ("1 234", "without separators"),
        ("0.001", "at most two digits"),
        ("1" * 30, "smaller amount"),
        ("1e3", "plain digits"),
        ("NaN", "plain digits"),
        ("Infinity", "plain digits"),
        ("+1", "plain digits"),
        ("١٢", "plain digits"),
        ("\uff11\uff12", "plain digits"),
        ("½", "plain digits"),
        ("12.", "plain digits"),
        (".50", "plain digits"),
        ("12.50\x00", "plain digits"),
        ("12.50\n13", "plain digits"),
        ("12 $", "plain digits"),
        ("$$12", "plain digits"),
        ("0x10", "plain digits"),
        ("1_000", "plain digits"),
    ],
)
def test_an_amount_that_cannot_be_read_is_refused_with_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        read_amount(text)
    assert "12" in str(refused.value)


@given(st.text(max_size=40) | st.from_regex(r"[-+$0-9.,eE ]{0,20}", fullmatch=True))
def test_any_text_is_an_exact_amount_or_a_sentence(text: str) -> None:
    read = _read_or_refused(text)
    if isinstance(read, str):
        assert read.endswith(".")
        return
    digits = "".join(letter for letter in text if letter.isdecimal())
    _, _, decimals = text.strip().replace(",", ".").partition(".")
    assert read == int(digits) * 10 ** (2 - len(decimals))


def _read_or_refused(text: str) -> int | str:
    try:
        return read_amount(text)
    except ValueError as refused:
        return str(refused)


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
