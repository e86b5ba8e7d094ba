"""Jobs: work that outlives a request, kept in PostgreSQL and enqueued in the transaction that causes it.

A job that is enqueued in a transaction that rolls back was never there; one whose worker dies is run again. So a
job is written to be run twice: it looks at the state of its row first.
"""

from __future__ import annotations

import functools
import logging
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import procrastinate
from flask import Flask, current_app
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from psycopg.conninfo import make_conninfo

from randonumber import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from procrastinate.jobs import Job
    from procrastinate.tasks import Task
    from sqlalchemy.orm import Session

P = ParamSpec("P")

log = logging.getLogger(__name__)

TRIES: Final = 12
LONGEST_WAIT_SECONDS: Final = 600
_REQUEST: Final = "_request_id"

queue: Final = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
_sync: Final = JobManager(procrastinate.SyncPsycopgConnector())
"""Puts jobs in the queue over our own connections, in the worker too, whose `queue` speaks asynchronously."""
_bound: dict[str, Flask] = {}


class BackOff(BaseRetryStrategy):
    """Tries a job that raised again: after 1 s, doubling to 10 min, with jitter; dead after `tries`."""

    def __init__(self, tries: int = TRIES) -> None:
        self.tries = tries

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again; None gives the job up: it stays as failed, and `ledger check` names it."""
        facts = {"job": job.id, "task": job.task_name, "attempts": job.attempts + 1}
        if job.attempts + 1 >= self.tries:
            log.error("job_dead", extra=facts, exc_info=exception)
            return None
        log.warning("job_failed", extra=facts, exc_info=exception)
        longest = min(LONGEST_WAIT_SECONDS, 1 << min(job.attempts, 20))
        return RetryDecision(retry_in={"milliseconds": 1000 * longest - secrets.randbelow(500 * longest)})


def init_jobs(app: Flask) -> None:
    """Let jobs that run in this process run with `app` as their current app."""
    _bound["app"] = app


def job(name: str, *, tries: int = TRIES) -> Callable[[Callable[P, None]], Task[Any, Any, Any]]:
    """Declare a job by its lasting name. Its arguments are JSON; it runs with an app context of its own.

    What it raises is tried again with back-off, `tries` times in all; what its transaction wrote is rolled back.
    """

    def declare(function: Callable[P, None]) -> Task[Any, Any, Any]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            request_id: Any = kwargs.pop(_REQUEST, None)
            with _running(request_id or secrets.token_hex(8)):
                function(*args, **kwargs)

        return queue.task(name=name, retry=BackOff(tries))(run)

    return declare


def periodic(name: str, cron: str) -> Callable[[Callable[[], None]], Task[Any, Any, Any]]:
    """Declare a job that runs by the clock, once over all workers, and never twice at a time.

    `cron` has five fields, or six with the seconds last: `* * * * * */5` is every five seconds. A run that raises is
    not repeated: the next one comes by itself.
    """

    def declare(function: Callable[[], None]) -> Task[Any, Any, Any]:
        @functools.wraps(function)
        def run(timestamp: int, **given: Any) -> None:  # noqa: ARG001 - procrastinate passes the time it was due
            with _running(given.get(_REQUEST) or secrets.token_hex(8)):
                try:
                    function()
                except Exception:  # the worker's loop: the next run is the repetition
                    log.exception("periodic_job_failed", extra={"task": name})

        task = queue.task(name=name, queueing_lock=name, lock=name, pass_context=False)(run)
        queue.periodic(cron=cron, periodic_id=name)(task)
        return task

    return declare


def enqueue(session: Session, task: Task[Any, Any, Any] | str, *, delay_seconds: int = 0, **arguments: Any) -> None:
    """Put a job in the queue within the session's transaction: no commit, no job. Never commits.

    `task` may be the lasting name of a job that another part declares. The id of the request travels along.
    """
    connection = session.connection().connection.driver_connection
    options: dict[str, Any] = {"schedule_in": {"seconds": delay_seconds}} if delay_seconds else {}
    if request_id := logs.request_id.get():
        arguments[_REQUEST] = request_id
    declared = queue.tasks[task] if isinstance(task, str) else task
    job = configure_task(
        name=declared.name,
        job_manager=_sync,
        lock=declared.lock,
        queueing_lock=declared.queueing_lock,
        queue=declared.queue,
        priority=declared.priority,
        connection=connection,
        **options,
    )
    job.defer(**arguments)


def conninfo() -> str:
    """Return the database's address as libpq reads it, for the worker's own connections."""
    from randonumber.database import db  # jobs are declared before the database is bound

    _, parameters = db.engine.dialect.create_connect_args(db.engine.url)
    return make_conninfo(**{name: value for name, value in parameters.items() if name != "context"})


def current() -> Flask:
    """Return the app that this job runs for."""
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001


@contextmanager
def _running(request_id: str) -> Iterator[None]:
    """Run a job with the app, and with the id of the request that caused it in every line of the log."""
    token = logs.request_id.set(request_id)
    try:
        with _bound["app"].app_context():
            yield
    finally:
        logs.request_id.reset(token)
