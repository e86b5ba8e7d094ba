"""What the log of requests does not keep: numbers of cards, bank accounts and people, which are nobody's to read."""

from typing import Any

LAST_SHOWN = 4
# Shown by their last four digits, as in Stripe's logs.
NUMBERS = frozenset({"account_number", "number"})
SECRETS = frozenset({"cvc", "id_number", "ssn_last_4"})


def redacted(value: Any) -> Any:
    """Return parameters with what is secret in them starred out, at any depth."""
    if isinstance(value, list):
        return [redacted(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: starred(name, each) for name, each in value.items()}


def starred(name: str, value: Any) -> Any:
    """Return a parameter as the log shows it."""
    if not isinstance(value, str) or not value:
        return redacted(value)
    if name in SECRETS:
        return "*" * LAST_SHOWN
    if name in NUMBERS:
        shown = value[-LAST_SHOWN:] if len(value) > 2 * LAST_SHOWN else ""
        return "*" * (len(value) - len(shown)) + shown
    return value
