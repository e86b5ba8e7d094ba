"""Who calls the API: the holder of a key, or a person who is signed in and sends the CSRF token along."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from flask import request
from flask_login import current_user

from randonumber.auth import keys
from randonumber.errors import Forbidden, Unauthorized
from randonumber.extensions import csrf
from randonumber.numbers.service import KeyPays, UserPays

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_BEARER: Final = re.compile(r"[Bb]earer +(rn_[A-Za-z0-9_-]{16,200})", re.ASCII)
_PREFIX_LENGTH: Final = len("rn_") + 12
_UNAUTHORIZED: Final = "Send an API key as Authorization: Bearer rn_…, or sign in and send X-CSRFToken."


@dataclass(frozen=True, kw_only=True)
class KeyHolder:
    """A caller with a key, not looked up yet: a draw finds it within its one statement, by its SHA-256."""

    key: str = field(repr=False)
    key_hash: bytes

    @property
    def subject(self) -> str:
        """Name the caller for the rate limit, whose storage must not learn the key."""
        return self.key_hash.hex()

    @property
    def payer(self) -> KeyPays:
        """Who pays for a draw."""
        return KeyPays(key_hash=self.key_hash, actor=f"key:{self.key[:_PREFIX_LENGTH]}")


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A person in a browser."""

    user_id: int
    ref: str

    @property
    def subject(self) -> str:
        """Name the caller for the rate limit."""
        return self.ref

    @property
    def payer(self) -> UserPays:
        """Who pays for a draw."""
        return UserPays(user_id=self.user_id, actor=f"user:{self.ref}")


Caller = KeyHolder | SignedIn


def identify() -> Caller:
    """Return who calls, by the request alone; raises Unauthorized, and for a browser's POST without token a 400.

    A key is not looked up here. Nothing of the browser's session is read when a key is sent.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        if match := _BEARER.fullmatch(header):
            return KeyHolder(key=match[1], key_hash=hashlib.sha256(match[1].encode()).digest())
        raise unauthorized()
    if not current_user.is_authenticated:
        raise unauthorized()
    csrf.protect()
    return SignedIn(user_id=current_user.id, ref=current_user.ref)


def require(session: Session, caller: Caller, scope: str) -> int:
    """Return the id of the caller's user; raises Unauthorized for a key that opens nothing, Forbidden without scope.

    A person who is signed in may do everything. Never commits.
    """
    if isinstance(caller, SignedIn):
        return caller.user_id
    found = keys.find(session, caller.key)
    if found is None:
        raise unauthorized()
    if scope not in found.scopes:
        message = f"This API key lacks the scope {scope}."
        raise Forbidden(message)
    keys.note_use(session, found)
    return found.user_id


def unauthorized() -> Unauthorized:
    """Return the refusal of a caller whom nobody knows."""
    return Unauthorized(_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
