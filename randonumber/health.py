"""Whether this process lives (`/healthz`), and whether it can do its work (`/readyz`).

Neither asks Stripe: a shop whose payments are down still serves its pages and its numbers.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from alembic.script import ScriptDirectory
from flask import jsonify
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from randonumber.config import ROOT
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask import Flask, Response
    from sqlalchemy.orm import Session

READY: Final = "ok"


def init_app(app: Flask) -> None:
    """Bind both addresses."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    """Answer that the process is alive."""
    return jsonify(status=READY)


def readyz() -> Response:
    """Answer 200 when database, migrations and worker are ready, 503 otherwise; each part in a word."""
    parts = check()
    ready = all(state == READY for state in parts.values())
    response = jsonify(ready=ready, **parts)
    response.status_code = 200 if ready else 503
    return response


def check() -> dict[str, str]:
    """Return the state of each part: `ok`, or what is wrong with it."""
    try:
        with transaction() as session:
            migrations = _migrations(session)
            worker = _worker(session) if migrations == READY else "unknown"
    except (DBAPIError, PoolTimeout):
        return {"database": "unreachable", "migrations": "unknown", "worker": "unknown"}
    return {"database": READY, "migrations": migrations, "worker": worker}


def _migrations(session: Session) -> str:
    if session.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return "pending"
    found = session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return READY if list(found) == [_head()] else "pending"


def _worker(session: Session) -> str:
    from randonumber import worker

    return READY if worker.is_alive(session) else "silent"


@functools.cache
def _head() -> str | None:
    """Return the newest migration that this release brings."""
    return ScriptDirectory(str(ROOT / "migrations")).get_current_head()
