"""Fields of the dashboard's forms, and amounts as people type them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from randonumber.sandbox.currencies import decimals
from randonumber.sandbox.scope import Json
from randonumber.sandbox.wire.errors import invalid

AMOUNT = re.compile(r"(\d{1,10})(?:[.,](\d{1,3}))?", re.ASCII)
EXAMPLES = {0: "500", 2: "12.50", 3: "12.500"}


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
    found, behind = AMOUNT.fullmatch(value), decimals(currency)
    part = (found[2] or "") if found else ""
    if not found or len(part) > behind:
        raise invalid(f"{value[:30]!r} is no amount: write it like {EXAMPLES[behind]}.")
    return int(found[1] + part.ljust(behind, "0"))


def major(amount_minor: int, currency: str) -> str:
    """Return an amount in minor units as a person would type it."""
    behind = decimals(currency)
    whole, rest = divmod(amount_minor, 10**behind)
    return f"{whole}.{rest:0{behind}d}" if behind else str(whole)
