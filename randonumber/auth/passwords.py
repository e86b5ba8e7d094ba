"""Passwords: which are taken, how they are kept and compared.

Hashed by Flask-Security's context with argon2id, 19 MiB, two passes, one lane: OWASP's Password Storage Cheat
Sheet, about 25 ms here. A longer hash would let a few hundred sign-ins a minute keep both processors busy.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final

from flask import current_app

from randonumber.auth import common_passwords

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST: Final = 8
LONGEST: Final = 128
LONGEST_HASHED: Final = 1_024
"""Nothing longer is ever hashed: a sign-in must not cost what its sender likes."""
CONTEXT_OPTIONS: Final = {
    "argon2__type": "ID",
    "argon2__memory_cost": 19_456,
    "argon2__time_cost": 2,
    "argon2__parallelism": 1,
}
_DUMMY: Final = "password_dummy_hash"


def normal(password: str) -> str:
    """Return the password in one of Unicode's forms, so that every keyboard types the same one."""
    return unicodedata.normalize("NFKC", password)


def problem(password: str, about: Iterable[str] = ()) -> str | None:
    """Return why this cannot be a new password, or None. `about` are words of its owner, such as the address."""
    chosen = normal(password)
    if len(chosen) < SHORTEST:
        return f"Use at least {SHORTEST} characters; 15 or more are better."
    if len(chosen) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if "\0" in chosen:
        return "This holds a character that no keyboard types."
    if common_passwords.is_common(chosen, about):
        return "This one is easily guessed. Three or four words that do not belong together make a good one."
    return None


def digest(password: str) -> str:
    """Return the hash to keep. Takes about 25 ms: never inside a transaction."""
    hashed: str = _context().hash(normal(password))
    return hashed


def verify(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Return whether the password is the one kept, and a new hash when the kept one is of an older kind.

    Costs one hash whether or not there is something to compare with, so that an unknown address answers no
    sooner. Never inside a transaction.
    """
    chosen = normal(password)
    if len(password) > LONGEST_HASHED:
        return False, None
    matches, renewed = _context().verify_and_update(chosen, kept or _dummy())
    return (matches and kept is not None), renewed


def prepare(app: Any) -> None:
    """Make the hash that an unknown address is compared with, so that no request has to."""
    with app.app_context():
        _dummy()


def _context() -> Any:
    return current_app.extensions["security"].pwd_context


def _dummy() -> str:
    kept: str | None = current_app.extensions.get(_DUMMY)
    if kept is None:
        kept = digest("no account has this password")
        current_app.extensions[_DUMMY] = kept
    return kept
