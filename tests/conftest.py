"""The suite's ground: a real PostgreSQL, migrated once per worker, and an app on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from flask_migrate import upgrade
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from randonumber import Config, create_app
from randonumber.config import ROOT
from randonumber.database import db as database
from randonumber.ledger import checks
from randonumber.settings import database_uri
from tests.clients import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

pytest_plugins = ["tests.browser_support", "tests.stripe_fixtures"]


@pytest.fixture(scope="session")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a PostgreSQL server: the one of DATABASE_URI, or the embedded one."""
    if given := os.environ.get("DATABASE_URI"):
        return database_uri(given)
    from randonumber.embedded import LocalPostgres

    server = LocalPostgres(ROOT / "instance" / "test-postgres", durable=False)
    server.start()
    return server.url("postgres")


@pytest.fixture(scope="session")
def test_config(server_uri: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """Yield settings with a database of this worker's own."""
    name = f"rn_test_{worker_id}_{os.getpid()}"
    admin = create_engine(server_uri, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield Config(
        database_uri=make_url(server_uri).set(database=name).render_as_string(hide_password=False),
        app_secret_key="test-" * 10,
        stripe_secret_key="sk_test_sandbox",
        stripe_publishable_key="pk_test_sandbox",
        stripe_webhook_secret="whsec_sandbox",
        stripe_connect_webhook_secret="whsec_sandbox_connect",
        stripe_connect_client_id="ca_sandbox",
        stripe_api_base="http://127.0.0.1:5001",
        stripe_connect_base="http://127.0.0.1:5001",
        stripe_js_url="http://127.0.0.1:5001/js/stripe.js",
        stripe_quiet_seconds=1,
        wallet_hold_days=0,
        instance_path=tmp_path_factory.mktemp("instance"),
        testing=True,
    )
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(scope="session")
def app(test_config: Config) -> Iterator[Flask]:
    """Yield the app on a database that was built by migrating."""
    app = create_app(test_config)
    app.test_client_class = Browser
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        database.engine.dispose()


@pytest.fixture
def committed(app: Flask, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Yield the app in its context, with real commits; whatever the test wrote is removed afterwards.

    The books must be right after every test, except one that is marked `broken_books`.
    """
    with app.app_context():
        yield app
    with app.app_context():
        database.session.remove()
        try:
            with app.extensions["sessions"]() as session:
                fail_on_broken_books(session, request)
        finally:
            empty_database()


@pytest.fixture
def session(committed: Flask, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Yield a session for building blocks that never commit; checked and rolled back at the end."""
    with committed.extensions["sessions"]() as session:
        yield session
        fail_on_broken_books(session, request)
        session.rollback()


def fail_on_broken_books(session: Session, request: pytest.FixtureRequest) -> None:
    """Fail the test when an invariant of the books does not hold in the session's view of them."""
    if request.node.get_closest_marker("broken_books") or is_lost(session):
        return
    broken = [result for result in checks.run(session, prefix="A") if not result.holds]
    if broken:
        lines = [f"{result.id} {result.title}: {result.count}, for example {result.samples}" for result in broken]
        pytest.fail("the books are broken:\n" + "\n".join(lines), pytrace=False)


def is_lost(session: Session) -> bool:
    """Whether an error has ended the session's transaction, so that nothing can be asked in it."""
    if not session.is_active:
        return True
    connection: Any = session.connection().connection.driver_connection
    return bool(connection.info.transaction_status == TransactionStatus.INERROR)


@pytest.fixture
def client(committed: Flask) -> FlaskClient:
    """Return a browser without cookies."""
    return committed.test_client()


_SCRIPT: list[str] = []
"""What empties the database of this process, once its tables are known."""


def empty_database() -> None:
    """Remove every row but the house accounts and the installation. Triggers are off only here."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql(_emptying(connection))


def _emptying(connection: Connection) -> str:
    """Return one script, so that emptying some twenty tables costs one round trip."""
    if not _SCRIPT:
        kept = "'accounts', 'alembic_version', 'installation', 'procrastinate_workers', 'stripe_outage'"
        query = f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ({kept})"  # noqa: S608
        tables = connection.exec_driver_sql(query).scalars()
        _SCRIPT.append("SET LOCAL session_replication_role = replica")
        _SCRIPT.extend(f'DELETE FROM "{table}"' for table in tables)  # noqa: S608 - names from the catalogue
        _SCRIPT.append("DELETE FROM accounts WHERE user_id IS NOT NULL")
        _SCRIPT.append("UPDATE stripe_outage SET failures = 0 WHERE failures > 0")
    return "; ".join(_SCRIPT)
