"""Amounts: the one place with decimals. Everywhere else an amount is an int in minor units.

`usd` has 2 decimals; `credit` has none. Rounding is named where it happens and never left to a default.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from babel.numbers import format_currency, format_decimal

DECIMALS: Final = {"usd": 2, "credit": 0}
_TYPED = re.compile(r"\d{1,12}(?:[.,]\d{1,2})?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[., '\u00a0\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)
_FINER = re.compile(r"\d+[.,]\d{3,}", re.ASCII)
_LONG = re.compile(r"\d{13,}(?:[.,]\d*)?", re.ASCII)


class NotAnAmount(ValueError):
    """The text is no amount of money; the message says what would be."""


def parse_amount(text: str, currency: str = "usd") -> int:
    """Read an amount as a person types it (`12`, `12.5`, `12,50`) and return minor units, exactly.

    Raises NotAnAmount for a sign, an exponent, more than two decimals, thousands separators or more than
    twelve digits.
    """
    typed = text.strip()
    if not typed.isascii() or not _TYPED.fullmatch(typed):
        message = "Type an amount such as 12.50, with at most two decimals."
        raise NotAnAmount(message)
    return int(Decimal(typed.replace(",", ".")).scaleb(DECIMALS[currency]))


def read_amount(text: str) -> int:
    """Read US dollars from a form as people type them (`12`, `12.5`, `12,50`, `$12.50`), and return cents, exactly.

    Raises NotAnAmount, a ValueError, for anything that could be read in two ways or not at all: its sentence says what
    to write. Limits are the caller's.
    """
    typed = text.strip().removeprefix("$").lstrip()
    try:
        return parse_amount(typed, "usd")
    except NotAnAmount:
        raise NotAnAmount(_what_to_write(typed)) from None


def _what_to_write(typed: str) -> str:
    if not typed:
        return "Write an amount in dollars, such as 12.50."
    if typed.startswith("-"):
        return "Write an amount above zero, without a minus sign, such as 12.50."
    if _GROUPED.fullmatch(typed):
        return "Write the amount without separators between thousands: 1234.50, not 1,234.50."
    if _FINER.fullmatch(typed):
        return "Write at most two digits after the point, such as 12.50."
    if _LONG.fullmatch(typed):
        return "This is more than we can take. Write a smaller amount, such as 12.50."
    return "Write the amount in plain digits with a point or a comma before the cents, such as 12.50."


def format_money(amount_minor: int, currency: str = "usd", locale: str = "en_US") -> str:
    """Return an amount with its currency for people: `format_money(1250)` is `$12.50`."""
    major = Decimal(amount_minor).scaleb(-DECIMALS[currency])
    return format_currency(major, currency.upper(), locale=locale)


def format_credits(credits_: int, locale: str = "en_US") -> str:
    """Return a number of credits for people, grouped: `1,000`."""
    return format_decimal(credits_, locale=locale)


def share_down(amount_minor: int, part: int, whole: int) -> int:
    """Return `amount × part / whole`, rounded down to a whole minor unit (no cent is ever invented)."""
    return amount_minor * part // whole


def part_half_up(amount_minor: int, basis_points: int) -> int:
    """Return so many hundredths of a percent of an amount, rounded half up to a whole minor unit."""
    return (amount_minor * basis_points + 5_000) // 10_000
