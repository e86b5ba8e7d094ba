"""Signed-in browsers: a random id in the signed cookie, its hash in the database.

A session ends after 30 minutes without a request, after 12 hours in any case, at the sign-out, when the password
changes or when the account is disabled; from then on a copy of its cookie opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.auth import tokens
from randonumber.auth.models import User, UserSession

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
SEEN_EVERY: Final = timedelta(minutes=1)
"""`last_seen_at` is written at most this often: a request that only reads writes nothing."""
FRESH: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Who is signed in, when the password was last given, and the SHA-256 of the session's id."""

    user: User
    verified_at: datetime
    id_hash: bytes

    @property
    def is_fresh(self) -> bool:
        """Whether the password was given within the last five minutes."""
        return self.verified_at > clock.now() - FRESH


def start(session: Session, user_id: int, *, verified_at: datetime | None = None) -> str:
    """Open a session for a user who has just proved to be one, and return the id for the cookie. Never commits."""
    session_id, now = tokens.new_secret(), clock.now()
    row = {
        "id_hash": tokens.digest(session_id),
        "user_id": user_id,
        "created_at": now,
        "last_seen_at": now,
        "verified_at": verified_at or now,
    }
    session.execute(insert(UserSession).values(row))
    return session_id


def find(session: Session, session_id: str) -> SignIn | None:
    """Return who is signed in under this id, and keep the session alive. Never commits."""
    now = clock.now()
    id_hash = tokens.digest(session_id)
    found = session.execute(
        select(User, UserSession.verified_at, UserSession.last_seen_at)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.id_hash == id_hash,
            UserSession.last_seen_at > now - IDLE,
            UserSession.created_at > now - ABSOLUTE,
            User.active,
        )
    ).one_or_none()
    if found is None:
        return None
    user, verified_at, last_seen_at = found
    if last_seen_at < now - SEEN_EVERY:
        session.execute(update(UserSession).where(UserSession.id_hash == id_hash).values(last_seen_at=now))
    return SignIn(user=user, verified_at=verified_at, id_hash=id_hash)


def verified(session: Session, session_id: str) -> None:
    """Note that the password was given again just now. Never commits."""
    row = UserSession.id_hash == tokens.digest(session_id)
    session.execute(update(UserSession).where(row).values(verified_at=clock.now()))


def end(session: Session, session_id: str) -> None:
    """End one session. Never commits."""
    session.execute(delete(UserSession).where(UserSession.id_hash == tokens.digest(session_id)))


def end_all(session: Session, user_id: int, *, but: str | None = None) -> None:
    """End every session of a user, `but` perhaps the one with this id. Never commits."""
    rows = delete(UserSession).where(UserSession.user_id == user_id)
    if but is not None:
        rows = rows.where(UserSession.id_hash != tokens.digest(but))
    session.execute(rows)


def sweep(session: Session) -> None:
    """Remove what has run out. Never commits."""
    now = clock.now()
    over = (UserSession.last_seen_at <= now - IDLE) | (UserSession.created_at <= now - ABSOLUTE)
    session.execute(delete(UserSession).where(over))
