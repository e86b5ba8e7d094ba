"""The worker: the process that runs the jobs. It survives a restart of the database, and takes up what others left.

A worker that is killed leaves jobs in `doing`: their heart has stopped beating, and another worker, or the same one
after its restart, puts them back within seconds.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

import click
from flask.cli import with_appcontext
from procrastinate import PsycopgConnector, exceptions
from procrastinate.jobs import Status
from sqlalchemy import text

from randonumber.calls import jobs as calls_jobs
from randonumber.database import transaction
from randonumber.inbox import jobs as inbox_jobs
from randonumber.jobs import conninfo, queue
from randonumber.ledger.checks import Check, register

if TYPE_CHECKING:
    from collections.abc import Iterator

    import procrastinate
    from flask import Flask
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

CONCURRENCY: Final = 4
HEARTBEAT_SECONDS: Final = 2
STALLED_SECONDS: Final = 7
"""Three heartbeats and a second: a worker that was silent for so long is taken for dead."""
RESCUE_SECONDS: Final = 2
ALIVE_SECONDS: Final = 15
GRACE_SECONDS: Final = 4
"""So long a stopping worker lets its jobs finish: less than the 5 s after which a supervisor kills."""
LONGEST_RESTART_WAIT_SECONDS: Final = 5
ENDS_IN_A_ROW: Final = 5
TRIES_OF_A_KILLER: Final = 20
"""A job that was running so often when its worker died is what kills the workers."""

FAILED_JOBS: Final = Check(
    id="L07",
    title="no job has been given up",
    sql="SELECT id, task_name, attempts FROM procrastinate_jobs WHERE status = 'failed'",
)

_DUE_JOBS: Final = text(
    "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
)


class WorkerEnded(RuntimeError):
    """The worker ended without being asked to."""


def init_app(app: Flask) -> None:
    """Bind the command and the check."""
    app.cli.add_command(worker)
    register(FAILED_JOBS)


def is_alive(session: Session) -> bool:
    """Whether some worker's heart has beaten within the last 15 seconds."""
    query = text(
        "SELECT EXISTS (SELECT 1 FROM procrastinate_workers"
        " WHERE last_heartbeat > now() - make_interval(secs => :seconds))"
    )
    return bool(session.scalar(query, {"seconds": ALIVE_SECONDS}))


@click.command("worker")
@click.option("--once", is_flag=True, help="Run what is due, then end.")
@with_appcontext
def worker(*, once: bool) -> None:
    """Run the jobs, until SIGTERM or Ctrl-C."""
    if once:
        drain()
    else:
        asyncio.run(serve(conninfo()))


def drain() -> None:
    """Run every job, call and event that is due, and what follows from them, then return."""
    asyncio.run(_drain(conninfo()))


async def serve(database: str) -> None:
    """Run jobs until SIGTERM or SIGINT. When the database goes away, wait for it and go on.

    Raises WorkerEnded when the worker keeps ending by itself: that must never look like a success.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stop)
    failures = 0
    while not stop.is_set():
        began = loop.time()
        try:
            await _serve_until(stop, database)
        except exceptions.ConnectorException as error:
            reason = type(error.__cause__ or error).__name__
            log.warning("worker_lost_database", extra={"reason": reason})
        except WorkerEnded:
            log.exception("worker_ended_by_itself")
            if failures >= ENDS_IN_A_ROW:
                raise
        failures = 0 if loop.time() - began > LONGEST_RESTART_WAIT_SECONDS else failures + 1
        with contextlib.suppress(TimeoutError):
            wait = min(LONGEST_RESTART_WAIT_SECONDS, (1 << min(failures, 8)) / 4)
            await asyncio.wait_for(stop.wait(), wait)


async def _serve_until(stop: asyncio.Event, database: str) -> None:
    """Run one worker until told to stop. Raises WorkerEnded when it ends before."""
    with queue.replace_connector(_connector(database)) as bound:
        async with bound.open_async():
            running = asyncio.create_task(_run(bound, wait=True, shutdown_graceful_timeout=GRACE_SECONDS))
            rescuing = asyncio.create_task(_rescue_always(bound))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                    message = "the worker ended without being asked to"
                    raise WorkerEnded(message)
            finally:
                for task in (running, rescuing, stopping):
                    task.cancel()
                await asyncio.gather(running, rescuing, stopping, return_exceptions=True)


def _stop(stop: asyncio.Event) -> None:
    """Let the running jobs finish. What hangs longer than the grace is left to another worker."""
    stop.set()
    hard = threading.Timer(GRACE_SECONDS, _leave)
    hard.daemon = True
    hard.start()


def _leave() -> None:
    """End this process although a job of it still hangs: it is put back once this heart has stopped."""
    log.warning("worker_left_a_job")
    atexit._run_exitfuncs()  # noqa: SLF001 - the embedded database is let go; threads are not waited for
    os._exit(0)


async def _drain(database: str) -> None:
    """Put back what dead workers left and run what is due, without the jobs by the clock, until nothing is."""
    with queue.replace_connector(_connector(database)) as bound:
        async with bound.open_async():
            is_left = True
            while is_left:
                await _rescue(bound)
                with _without_clock(bound):
                    await _run(bound, wait=False, listen_notify=False)
                is_left = await asyncio.to_thread(_run_rest)


def _run_rest() -> bool:
    """Drive the calls and dispatch the events that are due, and return whether that may have left anything to do."""
    done = calls_jobs.drive_all_due() + inbox_jobs.dispatch_all_due()
    with transaction() as session:
        return bool(done or session.scalar(_DUE_JOBS))


async def _run(bound: procrastinate.App, **options: Any) -> None:
    await bound.run_worker_async(
        concurrency=CONCURRENCY,
        delete_jobs="successful",
        install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        **options,
    )


@contextlib.contextmanager
def _without_clock(bound: procrastinate.App) -> Iterator[None]:
    """Keep the periodic jobs from being enqueued within the block."""
    kept, bound.periodic_registry.periodic_tasks = bound.periodic_registry.periodic_tasks, {}
    try:
        yield
    finally:
        bound.periodic_registry.periodic_tasks = kept


async def _rescue_always(bound: procrastinate.App) -> None:
    while True:
        with contextlib.suppress(exceptions.ConnectorException):  # the worker itself finds out and says so
            await _rescue(bound)
        await asyncio.sleep(RESCUE_SECONDS)


async def _rescue(bound: procrastinate.App) -> None:
    """Put back the jobs whose worker is dead. A job by the clock is dropped: the next one comes by itself."""
    for job in await bound.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("job_rescued", extra={"job": job.id, "task": job.task_name, "attempts": job.attempts})
        if job.queueing_lock:
            await bound.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        elif job.attempts >= TRIES_OF_A_KILLER:
            log.error("job_dead", extra={"job": job.id, "task": job.task_name})
            await bound.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        else:
            await bound.job_manager.retry_job(job)


def _connector(database: str) -> PsycopgConnector:
    return PsycopgConnector(
        conninfo=database, min_size=1, max_size=CONCURRENCY, timeout=5, kwargs={"connect_timeout": 5}
    )
