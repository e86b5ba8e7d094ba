"""Stripe's rules for metadata: strings, merged by key, deleted by an empty string."""

from typing import Any

from randonumber.sandbox.wire.errors import invalid

# https://docs.stripe.com/metadata: 50 keys, names up to 40 characters, values up to 500.
MOST_KEYS = 50
LONGEST_NAME = 40
LONGEST_VALUE = 500


def merged(old: dict[str, str], given: Any, *, param: str = "metadata") -> dict[str, str]:
    """Return what is stored after `given` came in: None changes nothing, "" empties, an empty value deletes its key."""
    if given is None:
        return old
    if given == "":
        return {}
    for name, value in given.items():
        check(name, value, param)
    kept = {name: value for name, value in (old | given).items() if value != ""}
    if len(kept) > MOST_KEYS:
        raise invalid(f"Metadata can only have up to {MOST_KEYS} keys. You passed in {len(kept)} keys.", param=param)
    return kept


def check(name: str, value: str, param: str) -> None:
    """Refuse a name or a value that is too long."""
    if len(name) > LONGEST_NAME:
        raise invalid(
            f"Metadata keys can be up to {LONGEST_NAME} characters long, "
            f"but you passed in a key that is {len(name)} characters. Invalid key: {name}",
            param=param,
        )
    if len(value) > LONGEST_VALUE:
        raise invalid(
            f"Metadata values can have up to {LONGEST_VALUE} characters, "
            f"but you passed in a value that is {len(value)} characters. Invalid value: {value}",
            param=param,
        )
