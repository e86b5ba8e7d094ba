"""What runs by the clock for accounts."""

from __future__ import annotations

from sqlalchemy import delete

from randonumber import clock, limits
from randonumber.auth import sessions
from randonumber.auth.models import UserLink
from randonumber.database import transaction
from randonumber.jobs import periodic


@periodic("auth.sweep", "17 * * * *")
def sweep() -> None:
    """Remove sessions, links and counters that have run out: they open nothing, this only saves room."""
    with transaction() as session:
        sessions.sweep(session)
        limits.sweep(session)
        session.execute(delete(UserLink).where(UserLink.expires_at < clock.now()))
