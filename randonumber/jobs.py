"""Jobs: work that outlives a request, kept in PostgreSQL and enqueued in the transaction that causes it.

A job that is enqueued in a transaction that rolls back was never there; one whose worker dies is run again. So a
job is written to be run twice: it looks at the state of its row first.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import procrastinate
from flask import Flask, current_app
from procrastinate import RetryStrategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from procrastinate.tasks import Task
    from sqlalchemy.orm import Session

P = ParamSpec("P")

queue: Final = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
_bound: dict[str, Flask] = {}


def init_jobs(app: Flask) -> None:
    """Let jobs that run in this process run with `app` as their current app."""
    _bound["app"] = app


def job(name: str, *, retry: RetryStrategy | None = None) -> Callable[[Callable[P, None]], Task[Any, Any, Any]]:
    """Declare a job by its lasting name. Its arguments are JSON; it runs with an app context of its own."""

    def declare(function: Callable[P, None]) -> Task[Any, Any, Any]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            with _bound["app"].app_context():
                function(*args, **kwargs)

        return queue.task(name=name, retry=retry or False)(run)

    return declare


def periodic(name: str, cron: str) -> Callable[[Callable[[], None]], Task[Any, Any, Any]]:
    """Declare a job that runs by the clock (`cron`: five fields, or six with seconds first), once over all workers."""

    def declare(function: Callable[[], None]) -> Task[Any, Any, Any]:
        @functools.wraps(function)
        def run(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes the time it was due
            with _bound["app"].app_context():
                function()

        task = queue.task(name=name, queueing_lock=name, pass_context=False)(run)
        queue.periodic(cron=cron, periodic_id=name)(task)
        return task

    return declare


def enqueue(session: Session, task: Task[Any, Any, Any], *, delay_seconds: int = 0, **arguments: Any) -> None:
    """Put a job in the queue within the session's transaction: no commit, no job. Never commits."""
    connection = session.connection().connection.driver_connection
    options: dict[str, Any] = {"schedule_in": {"seconds": delay_seconds}} if delay_seconds else {}
    task.configure(connection=connection, **options).defer(**arguments)


def conninfo() -> str:
    """Return the database's address as libpq reads it, for the worker's own connections."""
    from randonumber.database import db  # noqa: PLC0415 - jobs are declared before the database is bound

    url = db.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def current() -> Flask:
    """Return the app that this job runs for."""
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001
