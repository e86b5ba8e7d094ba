"""Public references: what leaves the app in place of a row's id.

A ref is a prefix that says what it names and 128 random bits in base 32 without look-alike letters (26
characters), for example `pur_3k9…`. It cannot be guessed and does not tell how many there are.
"""

from __future__ import annotations

import secrets
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 26


def new_ref(prefix: str) -> str:
    """Return a new reference such as `drw_…` for the prefix `drw`."""
    bits = secrets.randbits(128)
    letters = [ALPHABET[(bits >> (5 * position)) & 31] for position in range(_LENGTH)]
    return f"{prefix}_{''.join(letters)}"
