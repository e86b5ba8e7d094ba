"""Limits on attempts that matter, counted in PostgreSQL: over all processes, and over a restart.

One row for each limit and subject, one upsert for each attempt, and a count that is exact under concurrency. The
limits of the API are not here: they count in memory, so that the hot path writes nothing more.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

from flask import current_app, request
from sqlalchemy import LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber import clock
from randonumber.database import Base
from randonumber.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session, sessionmaker

log = logging.getLogger(__name__)
FORGET: Final = timedelta(hours=1)
"""Who has kept quiet this long after a window begins anew, with the shortest."""
_NETWORKS: Final = {4: 24, 6: 48}
"""How much of an address tells one network from another: what a household or a small company is given."""

_HIT: Final = text("""
    INSERT INTO rate_limits AS stands (name, subject, hits, strikes, ends_at)
    VALUES (:name, :subject, 1, 0, :now + make_interval(secs => :seconds))
        ON CONFLICT (name, subject) DO UPDATE SET (hits, strikes, ends_at) = (
            SELECT CASE WHEN is_running THEN stands.hits + 1 ELSE 1 END,
                   strikes,
                   CASE WHEN is_running THEN stands.ends_at
                   ELSE :now + make_interval(secs => least(:seconds * 2 ^ strikes, :longest_seconds)) END
              FROM (SELECT stands.ends_at > :now AS is_running,
                           CASE WHEN stands.ends_at > :now THEN stands.strikes
                                WHEN stands.ends_at <= :forgotten OR stands.hits < :limit THEN 0
                                ELSE least(stands.strikes + 1, 20) END AS strikes) AS next
        )
    RETURNING hits, ends_at
""")
_STANDS: Final = text(
    "SELECT hits, ends_at FROM rate_limits WHERE name = :name AND subject = :subject AND ends_at > :now"
)
_GIVE_BACK: Final = text(
    "UPDATE rate_limits SET hits = hits - 1 WHERE name = :name AND subject = :subject AND hits > 0"
)
_FORGIVE: Final = text("DELETE FROM rate_limits WHERE name = :name AND subject = :subject")
_SWEEP: Final = text("DELETE FROM rate_limits WHERE ends_at < :before")


class RateLimit(Base):
    """How often a subject (its SHA-256) did what `name` limits, in the window that ends at `ends_at`."""

    __tablename__ = "rate_limits"

    name: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    hits: Mapped[int]
    strikes: Mapped[int] = mapped_column(SmallInteger)
    ends_at: Mapped[datetime] = mapped_column(index=True)


def hit(
    session: Session | None,
    name: str,
    subject: str,
    *,
    limit: int,
    per_seconds: int,
    longest_seconds: int | None = None,
) -> None:
    """Count one attempt of `subject`; raises RateLimited, with Retry-After, when it is one more than `limit`.

    Each window lasts `per_seconds`; with `longest_seconds` it doubles up to that each time one was used up. The
    count is the session's (a rollback takes it back) or, without one, committed at once.
    """
    hits, ends_at = _count(session, name, subject, limit, per_seconds, longest_seconds or per_seconds)
    if hits > limit:
        raise _limited(name, ends_at)


def count(session: Session | None, name: str, subject: str, *, per_seconds: int) -> int:
    """Count one of what is refused elsewhere (`refuse_beyond`), and return how many the window holds now."""
    hits, _ = _count(session, name, subject, 0, per_seconds, per_seconds)
    return hits


def refuse_beyond(session: Session, name: str, subject: str, *, limit: int) -> None:
    """Raise RateLimited when the subject's window holds `limit` or more; counts nothing. Never commits."""
    row = session.execute(_STANDS, {**_key(name, subject), "now": clock.now()}).one_or_none()
    if row is not None and row.hits >= limit:
        raise _limited(name, row.ends_at)


def give_back(name: str, subject: str) -> None:
    """Take one attempt back: it was none of those that the limit is for. Commits."""
    with _within(None) as session:
        session.execute(_GIVE_BACK, _key(name, subject))


def forgive(name: str, subject: str) -> None:
    """Let the subject begin anew. Commits."""
    with _within(None) as session:
        session.execute(_FORGIVE, _key(name, subject))


def sweep(session: Session) -> None:
    """Remove what no longer counts. Never commits."""
    session.execute(_SWEEP, {"before": clock.now() - FORGET})


def client_address() -> str:
    """Return the address of who asks. Proxies are believed as far as `PROXY_HOPS` says, and no further."""
    return request.remote_addr or "unknown"


def client_network() -> str:
    """Return the network of who asks: the /24 of an IPv4 address, the /48 of an IPv6 address."""
    try:
        address = ip_address(client_address())
    except ValueError:
        return client_address()
    return str(ip_network((address, _NETWORKS[address.version]), strict=False))


def _count(
    session: Session | None, name: str, subject: str, limit: int, per_seconds: int, longest_seconds: int
) -> tuple[int, datetime]:
    parameters = {
        **_key(name, subject),
        "now": clock.now(),
        "forgotten": clock.now() - FORGET,
        "limit": limit,
        "seconds": per_seconds,
        "longest_seconds": longest_seconds,
    }
    with _within(session) as counting:
        row = counting.execute(_HIT, parameters).one()
    return row.hits, row.ends_at


def _limited(name: str, ends_at: datetime) -> RateLimited:
    seconds = max(1, -(-(ends_at - clock.now()) // timedelta(seconds=1)))
    log.warning("rate_limited", extra={"limit": name, "seconds": seconds})
    message = f"Too many attempts. Please try again in {_in_words(seconds)}."
    return RateLimited(message, headers={"Retry-After": str(seconds)})


def _key(name: str, subject: str) -> dict[str, str | bytes]:
    return {"name": name, "subject": hashlib.sha256(subject.encode()).digest()}


@contextmanager
def _within(session: Session | None) -> Iterator[Session]:
    if session is not None:
        yield session
        return
    sessions: sessionmaker[Session] = current_app.extensions["sessions"]
    with sessions.begin() as own:
        yield own


def _in_words(seconds: int) -> str:
    if seconds < 100:  # noqa: PLR2004 - from here on minutes read better
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    minutes = -(-seconds // 60)
    return f"{minutes} minutes"
