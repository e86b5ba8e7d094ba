"""Public references: what leaves the app in place of a row's id.

A ref is a prefix that says what it names and 128 random bits in base 32 without look-alike letters (26
characters), for example `pur_3k9…`. It cannot be guessed and does not tell how many there are.
"""

from __future__ import annotations

import secrets
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = [first + second for first in ALPHABET for second in ALPHABET]
_SHIFTS: Final = range(0, 130, 10)
"""Ten bits are two letters: thirteen pairs hold 128 bits. A draw waits for this, so it is done in pairs."""


def new_ref(prefix: str) -> str:
    """Return a new reference such as `drw_…` for the prefix `drw`."""
    bits = secrets.randbits(128)
    return f"{prefix}_{''.join([_PAIRS[(bits >> shift) & 1023] for shift in _SHIFTS])}"
