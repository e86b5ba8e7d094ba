"""Stripe's schemas made into functions, once: whether a value fits, some ten times faster than reading the schema.

It says yes or no; when it says no, `answers.py` asks `jsonschema` for a second opinion and the reason. A test holds the
two against each other. Only the words of JSON Schema that Stripe's description uses are known here; any other one is an
error when a check is made, so that nothing is left unchecked unnoticed.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
Check = Callable[[Any], bool]
REF = "#/components/schemas/"
KNOWN = frozenset(
    {
        "additionalProperties", "anyOf", "enum", "format", "items", "maxLength", "nullable", "pattern", "properties",
        "required", "type", "$ref",
    }
)  # fmt: skip


class UnknownWord(Exception):
    """A schema uses a word that is not known here."""


class Compiler:
    """Makes checks of the schemas of one description; those that refer to each other are made when first needed."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas
        self._named: dict[str, Check] = {}

    def check(self, schema: Json) -> Check:
        """Return a function that tells whether a value fits the schema. Raises UnknownWord."""
        unknown = {word for word in schema if word not in KNOWN and not word.startswith("x-")}
        if unknown:
            raise UnknownWord(", ".join(sorted(unknown)))
        checks = [found for make in (self._ref, self._any, kind, choice, string, self._object, self._array)
                  if (found := make(schema))]  # fmt: skip
        fits = both(checks)
        return or_null(fits) if schema.get("nullable") is True else fits

    def _ref(self, schema: Json) -> Check | None:
        if "$ref" not in schema:
            return None
        name = schema["$ref"].removeprefix(REF)

        def fits(value: Any) -> bool:
            found = self._named.get(name)
            if found is None:
                found = self._named[name] = self.check(self._schemas[name])
            return found(value)

        return fits

    def _any(self, schema: Json) -> Check | None:
        if "anyOf" not in schema:
            return None
        checks = [self.check(item) for item in schema["anyOf"]]
        return lambda value: any(fits(value) for fits in checks)

    def _array(self, schema: Json) -> Check | None:
        if "items" not in schema:
            return None
        fits = self.check(schema["items"])
        return lambda value: not isinstance(value, list) or all(map(fits, value))

    def _object(self, schema: Json) -> Check | None:
        required = tuple(schema.get("required", ()))
        named = {name: self.check(item) for name, item in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties", True)
        other = self.check(more) if isinstance(more, dict) else None
        if not required and not named and more is True:
            return None

        def fits(value: Any) -> bool:
            if not isinstance(value, dict):
                return True
            for name in required:
                if name not in value:
                    return False
            for name, item in value.items():
                check = named.get(name, other)
                if check is None:
                    if more is False:
                        return False
                elif not check(item):
                    return False
            return True

        return fits


def both(checks: list[Check]) -> Check:
    """Return a check that holds when all of them do."""
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:  # noqa: PLR2004 -- the most frequent number, without a loop
        first, second = checks
        return lambda value: first(value) and second(value)
    return lambda value: all(fits(value) for fits in checks)


def or_null(fits: Check) -> Check:
    """Return a check that also takes null."""
    return lambda value: value is None or fits(value)


def kind(schema: Json) -> Check | None:
    """Return the check of `type`; a boolean is no number."""
    asked = schema.get("type")
    if asked is None:
        return None
    if asked in ("integer", "number"):
        allowed = int if asked == "integer" else (int, float)
        return lambda value: isinstance(value, allowed) and not isinstance(value, bool)
    sort = {"string": str, "boolean": bool, "object": dict, "array": list}[asked]
    return lambda value: isinstance(value, sort)


def choice(schema: Json) -> Check | None:
    """Return the check of `enum`; none where Stripe says that it may send other values too."""
    if "enum" not in schema or schema.get("x-stripeBypassValidation") is True:
        return None
    allowed = frozenset((type(item), item) for item in schema["enum"])
    return lambda value: isinstance(value, str | int) and (type(value), value) in allowed


def string(schema: Json) -> Check | None:
    """Return the check of a string's length and form."""
    longest, form = schema.get("maxLength"), schema.get("pattern")
    if longest is None and form is None:
        return None
    pattern = re.compile(form or "")
    most = float("inf") if longest is None else longest
    return lambda value: not isinstance(value, str) or (len(value) <= most and pattern.search(value) is not None)
