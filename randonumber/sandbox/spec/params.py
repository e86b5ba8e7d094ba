"""Parameters against Stripe's description: strings become integers, booleans and lists, everything else is refused.

The sentences are Stripe's, as recorded; see `wire/errors.py`.
"""

import re
from typing import Any

from randonumber.sandbox.wire.errors import Refused, unchecked

INTEGER = re.compile(r"-?[0-9]{1,18}")
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def checked(given: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with their types. Raises Refused for the first that does not fit."""
    return of_object(given, schema, "")


def of_any(value: Any, schema: dict[str, Any], name: str, *, needed: bool) -> Any:
    """One value by its schema; `needed` tells whether it could be left out."""
    if "anyOf" in schema:
        return of_choice(value, schema["anyOf"], name, needed=needed)
    kind = schema.get("type")
    if value == "" and "" not in schema.get("enum", []) and (kind != "string" or needed or "enum" in schema):
        raise empty(name)
    if kind == "object":
        return of_object(value, schema, name)
    if kind == "array":
        return of_array(value, schema, name)
    return of_scalar(value, schema, name)


def of_choice(value: Any, choices: list[dict[str, Any]], name: str, *, needed: bool) -> Any:
    """Return the first choice that the value fits; the complaint of the likeliest one when none does."""
    complaint: Refused | None = None
    possible = [choice for choice in choices if value == "" or choice.get("enum") != [""]]
    for choice in sorted(possible, key=lambda choice: unlikeliness(value, choice)):
        try:
            return of_any(value, choice, name, needed=needed)
        except Refused as refused:
            complaint = complaint or refused
    raise complaint or unchecked(f"Invalid value for {name}", param=name)


def unlikeliness(value: Any, choice: dict[str, Any]) -> int:
    """0 for a choice of the value's own shape, so that its complaint is the one shown."""
    if value == "":
        return 0 if "" in choice.get("enum", []) else 1
    shape = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "string"
    kind = choice.get("type")
    return 0 if kind == shape or (shape == "string" and kind not in ("object", "array")) else 1


def of_object(value: Any, schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a hash: no unknown keys, no missing ones; free keys where the schema allows them."""
    if not isinstance(value, dict):
        raise unchecked("Invalid object", param=name)
    properties = schema.get("properties", {})
    free = schema.get("additionalProperties")
    for key in value:
        if key not in properties and not isinstance(free, dict):
            full = shown(inner(name, key))
            raise unchecked(f"Received unknown parameter: {full}", param=full, code="parameter_unknown")
    required = schema.get("required", [])
    for key in required:
        if key not in value:
            full = inner(name, key)
            raise unchecked(f"Missing required param: {full}.", param=full, code="parameter_missing")
    return {
        key: of_any(item, properties[key], inner(name, key), needed=key in required)
        if key in properties
        else of_free(item, free or {}, inner(name, key))
        for key, item in value.items()
    }


def of_free(value: Any, schema: Any, name: str) -> Any:
    """Return a value under a free key, such as metadata: an empty string is allowed, it deletes."""
    return (
        of_scalar(value, schema, name) if schema.get("type") == "string" else of_any(value, schema, name, needed=True)
    )


def of_array(value: Any, schema: dict[str, Any], name: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise unchecked("Invalid array", param=name)
    return [of_any(item, schema["items"], inner(name, str(place)), needed=True) for place, item in enumerate(value)]


def of_scalar(value: Any, schema: dict[str, Any], name: str) -> Any:
    """Return a string, integer, boolean or number that came as a string."""
    if not isinstance(value, str):
        raise unchecked(f"Invalid {schema.get('type', 'string')}: {shown(value)}", param=name)
    kind = schema.get("type")
    if kind == "integer":
        return of_integer(value, name)
    if kind == "boolean":
        if value not in BOOLEANS:
            raise unchecked(f"Invalid boolean: {shown(value)}", param=name)
        return BOOLEANS[value]
    if kind == "number" and not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", value):
        raise unchecked(f"Invalid decimal: {shown(value)}; must be a number", param=name)
    return of_string(value, schema, name)


def of_integer(value: str, name: str) -> int:
    """Return an integer."""
    if not INTEGER.fullmatch(value):
        raise unchecked(f"Invalid integer: {shown(value)}", param=name, code="parameter_invalid_integer")
    return int(value)


def of_string(value: str, schema: dict[str, Any], name: str) -> str:
    """Return a string within its length and, where Stripe names them, one of its values."""
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        raise unchecked(f"Invalid {name}: must be {one_of([item for item in allowed if item])}", param=name)
    longest = schema.get("maxLength")
    if longest is not None and len(value) > longest:
        raise unchecked(f"Invalid string: {shown(value)}; must be at most {longest} characters", param=name)
    return value


def one_of(allowed: list[str]) -> str:
    """`one of a, b, or c`."""
    if len(allowed) == 1:
        return allowed[0]
    return "one of " + ", ".join(allowed[:-1]) + (", or " if len(allowed) > 2 else " or ") + allowed[-1]  # noqa: PLR2004


def empty(name: str) -> Refused:
    """Return what Stripe says of an empty string where nothing can be unset."""
    return unchecked(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; "
        f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value.",
        param=name,
        code="parameter_invalid_empty",
    )


def inner(name: str, key: str) -> str:
    """`a[b]`, or `b` at the top."""
    return f"{name}[{key}]" if name else key


def shown(value: Any) -> str:
    """Return a value as Stripe repeats it, shortened."""
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= 100 else text[:40] + "…" + text[-4:]  # noqa: PLR2004
