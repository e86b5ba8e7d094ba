"""What can be drawn and what it costs: the one place where a request is judged, for the API and the page alike.

Another type of value is another class with the same members, and another line in `TYPES` and `PRICES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from randonumber.errors import InvalidRequest
from randonumber.numbers.randomness import integers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FARTHEST: Final = 10**9
MOST_VALUES: Final = 10_000
PRICES: Final = {"integer": 1}
"""Credits for one value of each type."""


@dataclass(frozen=True, kw_only=True)
class Integers:
    """`n` integers from `minimum` to `maximum`, both included."""

    type: ClassVar[str] = "integer"
    minimum: int
    maximum: int
    n: int

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Integers:
        """Check the members `min`, `max` and `n`; raises InvalidRequest that names each wrong one."""
        errors = _unknown(fields, {"type", "min", "max", "n"})
        errors += _integer(fields, "min", -FARTHEST, FARTHEST)
        errors += _integer(fields, "max", -FARTHEST, FARTHEST)
        errors += _integer(fields, "n", 1, MOST_VALUES)
        if not errors and fields["min"] > fields["max"]:
            errors = [_error("max", "must not be below min")]
        if errors:
            raise _invalid(errors)
        return cls(minimum=fields["min"], maximum=fields["max"], n=fields["n"])

    @property
    def credits(self) -> int:
        """What the draw costs, in credits."""
        return self.n * PRICES[self.type]

    @property
    def request(self) -> dict[str, int]:
        """The request as it is kept in history."""
        return {"min": self.minimum, "max": self.maximum, "n": self.n}

    def draw(self) -> list[int]:
        """Return fresh values."""
        return integers(self.minimum, self.maximum, self.n)


Wish = Integers
TYPES: Final = {Integers.type: Integers}
DIGIT: Final = Integers(minimum=0, maximum=9, n=1)
"""What `POST /api/v1/number/` draws."""


def read(fields: Any) -> Wish:
    """Read a request as it came from outside: a JSON object of any content; raises InvalidRequest."""
    if not isinstance(fields, dict):
        message = "A JSON object is needed."
        raise InvalidRequest(message)
    name = fields.get("type", Integers.type)
    if not isinstance(name, str) or name not in TYPES:
        raise _invalid([_error("type", f"must be one of: {', '.join(TYPES)}")])
    return TYPES[name].read(fields)


def _integer(fields: Mapping[str, Any], name: str, least: int, most: int) -> list[dict[str, str]]:
    value = fields.get(name)
    if type(value) is int and least <= value <= most:  # a JSON true is an instance of int
        return []
    return [_error(name, f"must be a whole number from {least} to {most}")]


def _unknown(fields: Iterable[str], known: set[str]) -> list[dict[str, str]]:
    return [_error(name[:64], "is not known here") for name in fields if name not in known][:20]


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}


def _invalid(errors: list[dict[str, str]]) -> InvalidRequest:
    return InvalidRequest("The request cannot be understood; each field in errors says why.", errors=errors)
