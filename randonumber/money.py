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
