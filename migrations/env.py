"""How migrations run: one at a time, in one transaction, giving up rather than queueing behind a forgotten lock."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool, text

from randonumber.database import Base, db

LOCK_KEY = 7_246_901
"""Any number: whoever migrates this database holds the advisory lock of this key."""


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:  # noqa: FBT001 - Alembic calls it so
    """Leave procrastinate's tables to procrastinate."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def run() -> None:
    """Migrate on a connection of its own, so that the lock and the time-outs end with it."""
    url = db.engine.url
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            transaction_per_migration=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
