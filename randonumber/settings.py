"""Readers of single settings: from the text of an environment variable to a value, or ValueError with a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

TIERS: Final = "1:100,10:90,100:70,1000:50"
SMALLEST_CHARGE_MINOR: Final = 50
"""Stripe refuses a charge below 0.50 USD: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts"""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """From `quantity` credits on, one credit costs `unit_price_minor` cents."""

    quantity: int
    unit_price_minor: int


def whole(least: int = 0, most: int = 10**9) -> Callable[[str], int]:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
            message = f"a whole number from {least} to {most} is needed"
            raise ValueError(message)
        return int(text)

    return read


def flag(text: str) -> bool:
    """Read true or false."""
    if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
        message = "write true or false"
        raise ValueError(message)
    return text.lower() in {"true", "1", "yes"}


def url(text: str) -> str:
    """Read an http or https address; a lone slash at its end goes."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "an address such as https://example.com is needed"
        raise ValueError(message)
    return text.rstrip("/")


def log_level(text: str) -> str:
    """Read how much is logged."""
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        message = "write DEBUG, INFO, WARNING or ERROR"
        raise ValueError(message)
    return text.upper()


def rate(text: str) -> str:
    """Read a rate such as `100/second`."""
    if not re.fullmatch(r"[1-9][0-9]{0,6}/(second|minute|hour|day)", text):
        message = "write a number and a unit, such as 100/second"
        raise ValueError(message)
    return text


def database_uri(text: str) -> str:
    """Read a PostgreSQL address and return it in SQLAlchemy's form for psycopg 3; `postgres://` is understood."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        message = "only PostgreSQL (15 or newer) is supported: write postgresql://…, or leave it empty"
        raise ValueError(message)
    return f"postgresql+psycopg://{rest}"


def tiers(text: str) -> tuple[Tier, ...]:
    """Read the price table: quantities rise from 1, prices fall, no purchase costs less than Stripe charges."""
    if not re.fullmatch(r"[0-9]{1,9}:[0-9]{1,9}(,[0-9]{1,9}:[0-9]{1,9})*", text):
        message = "write quantity:cents pairs, such as " + TIERS
        raise ValueError(message)
    pairs = [[int(number) for number in pair.split(":")] for pair in text.split(",")]
    table = tuple(Tier(quantity=quantity, unit_price_minor=price) for quantity, price in pairs)
    if table[0].quantity != 1:
        message = "the first quantity must be 1"
        raise ValueError(message)
    steps = pairwise(table)
    if any(low.quantity >= high.quantity or low.unit_price_minor <= high.unit_price_minor for low, high in steps):
        message = "quantities must rise and prices fall"
        raise ValueError(message)
    if any(tier.quantity * tier.unit_price_minor < SMALLEST_CHARGE_MINOR for tier in table):
        message = f"no purchase may cost less than {SMALLEST_CHARGE_MINOR} cents"
        raise ValueError(message)
    return table


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
