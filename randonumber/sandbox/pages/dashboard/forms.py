"""Fields of the dashboard's forms, and amounts as people type them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from randonumber.sandbox.currencies import ZERO_DECIMAL
from randonumber.sandbox.scope import Json
from randonumber.sandbox.wire.errors import invalid

WHOLE = re.compile(r"\d{1,10}")
PARTED = re.compile(r"(\d{1,10})(?:[.,](\d{1,2}))?")


def nothing(body: Json) -> str:
    """Leave a field empty at first."""
    del body
    return ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a form: free text, or one of `choices` (value and words)."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    default: Callable[[Json], str] = nothing
    numeric: bool = False


def minor(typed: str, currency: str) -> int | None:
    """Return an amount in minor units, None for an empty field. Raises Refused for what is no amount."""
    value = typed.strip()
    if not value:
        return None
    found = (WHOLE if currency in ZERO_DECIMAL else PARTED).fullmatch(value)
    if not found:
        raise invalid(f"{value[:30]!r} is no amount: write it like {'500' if currency in ZERO_DECIMAL else '12.50'}.")
    if currency in ZERO_DECIMAL:
        return int(value)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def major(amount_minor: int, currency: str) -> str:
    """Return an amount in minor units as a person would type it."""
    if currency in ZERO_DECIMAL:
        return str(amount_minor)
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"
