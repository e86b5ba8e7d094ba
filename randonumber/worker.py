"""The worker: the process that runs the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def is_alive(session: Session) -> bool:
    """Whether some worker's heart has beaten within the last 15 seconds."""
    alive = session.scalar(
        text(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => 15))"
        )
    )
    return bool(alive)
