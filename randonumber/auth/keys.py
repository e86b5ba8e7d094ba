"""API keys: `rn_`, twelve characters by which one knows it again, and 256 random bits. Only the hash is kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from randonumber import clock, ids
from randonumber.auth import tokens
from randonumber.auth.models import ApiKey, Scope, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

MOST: Final = 50
"""Working keys of one user: enough for every server of a company, few enough for one page."""
LONGEST_NAME: Final = 80
NOTED_EVERY: Final = timedelta(minutes=1)
_PREFIX_LENGTH: Final = 12


class TooManyKeys(Exception):
    """The user has as many working keys as one may have."""


@dataclass(frozen=True, kw_only=True)
class KeyCaller:
    """Who calls with a key, and what the key may do."""

    key_id: int
    user_id: int
    ref: str
    scopes: frozenset[str]
    last_used_at: datetime | None


def create(session: Session, user_id: int, name: str, scopes: Iterable[Scope]) -> str:
    """Make a key and return it: it can never be read again. Never commits. Raises TooManyKeys."""
    working = select(func.count()).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    if session.scalars(working).one() >= MOST:
        raise TooManyKeys
    begin = "rn_" + "".join(secrets.choice(ids.ALPHABET) for _ in range(_PREFIX_LENGTH))
    raw = f"{begin}_{tokens.new_secret()}"
    session.add(
        ApiKey(
            user_id=user_id,
            name=name,
            prefix=begin,
            key_hash=tokens.digest(raw),
            scopes=sorted({scope.value for scope in scopes}),
            created_at=clock.now(),
        )
    )
    session.flush()
    return raw


def find(session: Session, raw_key: str) -> KeyCaller | None:
    """Return who calls with this key; None when it is unknown or revoked, or its user's account is shut."""
    row = session.execute(
        select(ApiKey.id, ApiKey.user_id, User.ref, ApiKey.scopes, ApiKey.last_used_at)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.key_hash == tokens.digest(raw_key), ApiKey.revoked_at.is_(None), User.active)
    ).one_or_none()
    if row is None:
        return None
    return KeyCaller(
        key_id=row.id,
        user_id=row.user_id,
        ref=row.ref,
        scopes=frozenset(row.scopes),
        last_used_at=row.last_used_at,
    )


def note_use(session: Session, caller: KeyCaller) -> None:
    """Remember that the key was used, to the minute. Never commits."""
    now = clock.now()
    if caller.last_used_at is None or caller.last_used_at < now - NOTED_EVERY:
        session.execute(update(ApiKey).where(ApiKey.id == caller.key_id).values(last_used_at=now))


def of_user(session: Session, user_id: int) -> Sequence[ApiKey]:
    """Return the user's keys, the working ones first, the newest first."""
    rows = select(ApiKey).where(ApiKey.user_id == user_id)
    return session.scalars(rows.order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc()).limit(100)).all()


def revoke(session: Session, user_id: int, key_id: int) -> bool:
    """Let a key of this user open nothing from now on; False when there is none of this id. Never commits.

    Safe to call again.
    """
    row = update(ApiKey).where(ApiKey.id == key_id, ApiKey.user_id == user_id)
    at = func.coalesce(ApiKey.revoked_at, clock.now())
    return session.scalar(row.values(revoked_at=at).returning(ApiKey.id)) is not None
