"""Public references: what leaves the app in place of a row's id.

A ref is a prefix that says what it names and 128 random bits in base 32 without look-alike letters (26
characters), for example `pur_3k9…`. It cannot be guessed and does not tell how many there are.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_STANDARD: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUV"
"""RFC 4648's alphabet for base 32 with digits first, which Python writes."""
_TO_OURS: Final = bytes.maketrans(_STANDARD, ALPHABET.encode())
_BYTES: Final = 16


def new_ref(prefix: str) -> str:
    """Return a new reference such as `drw_…` for the prefix `drw`."""
    letters = base64.b32hexencode(secrets.token_bytes(_BYTES)).rstrip(b"=").translate(_TO_OURS)
    return f"{prefix}_{letters.decode()}"
