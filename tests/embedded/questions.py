"""What the tests ask a running server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(url: str) -> psycopg.Connection:
    """Connect as an app does, by SQLAlchemy's URL."""
    parts = make_url(url)
    query = {name: str(value) for name, value in parts.query.items()}
    return psycopg.connect(
        host=query["host"], port=query["port"], user=parts.username, dbname=parts.database, autocommit=True
    )


def ask(url: str, question: str) -> str:
    """Return the one value that a query gives, as text."""
    with connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return str(row[0])


def execute(url: str, *statements: str) -> None:
    with connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def identity(url: str) -> str:
    """Return what differs between two servers, and between two starts of one."""
    return ask(url, "SELECT pg_postmaster_start_time()::text || (SELECT system_identifier FROM pg_control_system())")


def is_running(url: str) -> bool:
    try:
        connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a condition, and fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
