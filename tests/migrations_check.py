"""Migrate a fresh database, compare it with the models, go one step back and forth: exit 1 where that fails.

`python -m tests.migrations_check`, on the server of DATABASE_URI or the embedded one.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import flask_migrate
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from randonumber import Config, create_app
from randonumber.config import ROOT
from randonumber.database import db
from randonumber.embedded import LocalPostgres
from randonumber.settings import database_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATIONS = ROOT / "migrations"


def main() -> int:
    """Run every check; each tells what is wrong by itself."""
    problems = naming_problems()
    for problem in problems:
        print(problem)
    if problems:
        return 1
    with fresh_database() as uri:
        app = create_app(Config(database_uri=uri, app_secret_key="migrations" * 4, testing=True))
        with app.app_context():
            flask_migrate.upgrade()
            flask_migrate.check()
            flask_migrate.downgrade()
            flask_migrate.upgrade()
            flask_migrate.check()
            db.engine.dispose()
    print("migrations: one head, models and schema agree, the newest goes back and forth")
    return 0


def naming_problems() -> list[str]:
    """Return what is wrong with the files: their names, and how many ends their chain has."""
    heads = ScriptDirectory(str(MIGRATIONS)).get_heads()
    files = sorted(file.name for file in (MIGRATIONS / "versions").glob("*.py"))
    misnamed = [f"{name}: a migration is named NNNN_what_it_does.py" for name in files if not _is_well_named(name)]
    return misnamed if len(heads) == 1 else [*misnamed, f"{len(heads)} heads instead of one: {', '.join(heads)}"]


def _is_well_named(name: str) -> bool:
    return re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) is not None


@contextmanager
def fresh_database() -> Iterator[str]:
    """Yield the URI of an empty database that is dropped afterwards."""
    given = os.environ.get("DATABASE_URI")
    server = LocalPostgres(ROOT / "instance" / "test-postgres", durable=False)
    url = make_url(database_uri(given) if given else server.start().url("postgres"))
    name = f"rn_migrations_{os.getpid()}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()
        server.release()


if __name__ == "__main__":
    sys.exit(main())
