"""The database: the declarative base, the engine's settings, and the one way to a transaction.

The rule of the whole product: a function whose first parameter is `session` never commits and never calls the
network; a use case without it opens short `with transaction() as session:` blocks and calls out between them.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, MetaData, Text, create_engine, event, exc, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import DeclarativeBase, Session, registry, sessionmaker

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from flask import Flask
    from sqlalchemy import Engine

NAMES: Final = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Base(DeclarativeBase):
    """The base of every model: ints are bigint, moments have a time zone, dicts are jsonb."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={
            int: BigInteger,
            str: Text,
            datetime: DateTime(timezone=True),
            dict[str, Any]: JSONB,
            list[Any]: JSONB,
        },
    )


db = SQLAlchemy(metadata=Base.metadata)

_open: ContextVar[bool] = ContextVar("transaction_open", default=False)
_IDLE_BEFORE_PING_SECONDS: Final = 1
_DIALECT: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class TransactionOpen(RuntimeError):
    """A transaction is open where none may be: transactions do not nest, and nothing calls out inside one."""


def engine_options(*, pool_size: int = 8) -> dict[str, Any]:
    """Return what the engine is made with; figures from reliability.md section 8, in milliseconds for the server.

    A waiting request gives up after 2 s instead of SQLAlchemy's 30. An error does not show its statement's parameters,
    which would bring mail with its links, and hashes, into the log.
    """
    settings = {
        "statement_timeout": 10_000,
        "lock_timeout": 3_000,
        "idle_in_transaction_session_timeout": 30_000,
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return {
        "pool_size": pool_size,
        "max_overflow": 4,
        "pool_timeout": 2,
        "hide_parameters": True,
        "connect_args": {"connect_timeout": 5, "options": f"{options} -c timezone=UTC"},
    }


def ping_when_idle(engine: Engine) -> None:
    """Test a pooled connection before use when it has lain idle for over a second.

    `pool_pre_ping` asks the server before every use; a connection that was used a moment ago needs none.
    """

    @event.listens_for(engine, "checkin")
    def _remember(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ping(connection: Any, record: Any, _proxy: Any) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < _IDLE_BEFORE_PING_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            message = "the server closed an idle connection"
            raise exc.DisconnectionError(message) from error


def init_database(app: Flask) -> None:
    """Bind the engine and the session factory to the app."""
    db.init_app(app)
    with app.app_context():
        ping_when_idle(db.engine)
        app.extensions["sessions"] = sessionmaker(db.engine, expire_on_commit=False)
        app.extensions["statements"] = _statement_engine(db.engine)


def _statement_engine(engine: Engine) -> Engine:
    """Return an engine whose connections commit each statement by itself; it is disposed of with the main one."""
    own = create_engine(engine.url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **engine_options())
    ping_when_idle(own)
    event.listen(engine, "engine_disposed", lambda _engine: own.dispose())
    return own


@contextmanager
def single_statements() -> Iterator[psycopg.Connection[Any]]:
    """Lend a connection of the driver's, on which each statement is a transaction of its own.

    For a use case that is one statement: it saves the round trips of BEGIN and COMMIT, and what SQLAlchemy does
    around a statement, which is more work than the driver's own. Raises psycopg's errors.
    """
    refuse_inside_transaction()
    engine: Engine = current_app.extensions["statements"]
    lent = engine.raw_connection()
    driver: psycopg.Connection[Any] = lent.driver_connection  # type: ignore[assignment]
    try:
        yield driver
    finally:
        if driver.closed:
            lent.invalidate()
        lent.close()


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """Return the driver's own connection within the session's transaction."""
    driver: psycopg.Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
    return driver


def driver_sql(statement: str) -> str:
    """Return SQL with `:names` in the form that the driver reads; to be done once, when a module is loaded."""
    return str(text(statement).compile(dialect=_DIALECT))


@contextmanager
def transaction() -> Iterator[Session]:
    """Open one transaction: committed at the end of the block, rolled back when it raises.

    Raises TransactionOpen inside another: a use case has one transaction at a time. Objects stay readable after
    the block.
    """
    refuse_inside_transaction()
    sessions: sessionmaker[Session] = current_app.extensions["sessions"]
    token = _open.set(True)
    try:
        with sessions() as session:
            yield session
            session.commit()
    finally:
        _open.reset(token)


def commit_request_session() -> None:
    """Commit what the sign-in library did on its request-bound session."""
    db.session.commit()


def refuse_inside_transaction() -> None:
    """Raise TransactionOpen when a transaction is open here: called by whatever talks to the network."""
    if _open.get():
        message = "a transaction is open: end it before calling out or opening another"
        raise TransactionOpen(message)
