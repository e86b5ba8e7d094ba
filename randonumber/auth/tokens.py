"""Random secrets, of which only the SHA-256 is kept.

A secret has 256 random bits, so a fast hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.auth.models import LinkPurpose, UserLink

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

LIFETIMES: Final = {LinkPurpose.CONFIRM: timedelta(days=3), LinkPurpose.RESET: timedelta(minutes=60)}


def new_secret() -> str:
    """Return 256 random bits as text that an address can carry."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def issue(session: Session, user_id: int, purpose: LinkPurpose) -> str:
    """Return the token of a new link; older ones of the same purpose die. Never commits."""
    token = new_secret()
    cancel(session, user_id, purpose)
    row = {
        "token_hash": digest(token),
        "user_id": user_id,
        "purpose": purpose,
        "created_at": clock.now(),
        "expires_at": clock.now() + LIFETIMES[purpose],
    }
    session.execute(insert(UserLink).values(row))
    return token


def owner(session: Session, token: str, purpose: LinkPurpose) -> int | None:
    """Return whose link this is while it works, and let it work on."""
    return session.scalar(select(UserLink.user_id).where(*_works(token, purpose)))


def redeem(session: Session, token: str, purpose: LinkPurpose) -> int | None:
    """Return whose link this is and use it up: of two at once one finds nothing. Never commits."""
    return session.scalar(delete(UserLink).where(*_works(token, purpose)).returning(UserLink.user_id))


def cancel(session: Session, user_id: int, purpose: LinkPurpose) -> None:
    """Let every link of this purpose die. Never commits."""
    session.execute(delete(UserLink).where(UserLink.user_id == user_id, UserLink.purpose == purpose))


def _works(token: str, purpose: LinkPurpose) -> tuple[ColumnElement[bool], ...]:
    return (
        UserLink.token_hash == digest(token),
        UserLink.purpose == purpose,
        UserLink.expires_at > clock.now(),
    )
