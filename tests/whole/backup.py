"""A backup of the test's database, taken at a moment and restored later, as an operator would have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from randonumber.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Connection, Engine

_END_OTHERS = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")


@dataclass(frozen=True, kw_only=True)
class Backups:
    """Copies of one database on its own server: PostgreSQL copies a database that nobody is connected to."""

    name: str
    admin: Engine

    @property
    def copy(self) -> str:
        """The name of the copy."""
        return f"{self.name}_backup"

    def take(self) -> None:
        """Keep the database as it is now."""
        self._run(f'CREATE DATABASE "{self.copy}" TEMPLATE "{self.name}"')

    def restore(self) -> None:
        """Put the kept one in its place: everything since then is lost."""
        self._run(f'DROP DATABASE "{self.name}" WITH (FORCE)', f'ALTER DATABASE "{self.copy}" RENAME TO "{self.name}"')

    def _run(self, *statements: str) -> None:
        db.session.remove()
        db.engine.dispose()
        with self.admin.connect() as connection:
            self._leave(connection)
            for statement in statements:
                connection.execute(text(statement))

    def _leave(self, connection: Connection) -> None:
        for name in (self.name, self.copy):
            connection.execute(_END_OTHERS, {"name": name})


def backups(app: Flask) -> Iterator[Backups]:
    """Yield the backups of an app's database; a copy that was not restored is dropped at the end."""
    url = make_url(app.extensions["config"].database_uri)
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    kept = Backups(name=str(url.database), admin=admin)
    yield kept
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{kept.copy}" WITH (FORCE)'))
    admin.dispose()
