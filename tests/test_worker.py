"""The worker as a process: it stops in time, comes back from kills, and outlives the database's restarts."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text

from randonumber import jobs, worker
from randonumber.config import ROOT
from randonumber.database import db, transaction
from randonumber.ledger import checks
from tests import worker_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from randonumber import Config

pytestmark = pytest.mark.usefixtures("clean_jobs")


@pytest.fixture
def clean_jobs(committed: Flask) -> Iterator[None]:
    forget_workers()
    yield
    forget_workers()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes"
    file.touch()
    return file


def forget_workers() -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_workers"))


@contextmanager
def running_worker(config: Config, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, "TEST_DATABASE": str(config.database_uri), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.worker_process", *arguments]
    process = subprocess.Popen(command, env=environ, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def enqueue(notes: Path, word: str, seconds: int = 0) -> None:
    with transaction() as session:
        jobs.enqueue(session, worker_process.note, path=str(notes), word=word, seconds=seconds)


def until(holds: Callable[[], Any], *, seconds: int) -> float:
    """Wait until something holds, at most so many seconds; return how long it took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            pytest.fail(f"did not hold within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - began


def alive() -> bool:
    with transaction() as session:
        return worker.is_alive(session)


def written(notes: Path, line: str) -> Callable[[], bool]:
    return lambda: line in notes.read_text().splitlines()


def test_a_worker_shows_that_it_is_alive_runs_jobs_at_once_and_stops_with_0(test_config: Config, notes: Path) -> None:
    assert not alive()
    with running_worker(test_config) as process:
        until(alive, seconds=30)
        enqueue(notes, "first")
        until(written(notes, "first ended"), seconds=5)

        process.send_signal(signal.SIGTERM)
        took = until(lambda: process.poll() is not None, seconds=10)

    assert process.returncode == 0
    assert took < 5
    assert not alive()


def test_a_job_that_runs_when_the_worker_is_stopped_may_finish(test_config: Config, notes: Path) -> None:
    enqueue(notes, "slow", 2)
    with running_worker(test_config) as process:
        until(written(notes, "slow began"), seconds=30)
        process.send_signal(signal.SIGINT)
        until(lambda: process.poll() is not None, seconds=10)

    assert process.returncode == 0
    assert notes.read_text().splitlines() == ["slow began", "slow ended"]


def test_a_job_that_hangs_does_not_hold_up_the_stop(test_config: Config, notes: Path) -> None:
    enqueue(notes, "hanging", 60)
    with running_worker(test_config) as process:
        until(written(notes, "hanging began"), seconds=30)
        process.send_signal(signal.SIGTERM)
        took = until(lambda: process.poll() is not None, seconds=10)

    assert process.returncode == 0
    assert took < 5.5


def test_what_a_killed_worker_was_doing_goes_on_in_another_one(test_config: Config, notes: Path) -> None:
    enqueue(notes, "cut", 5)
    with running_worker(test_config) as first:
        until(written(notes, "cut began"), seconds=30)
        first.kill()
        first.wait()
    with running_worker(test_config):
        took = until(lambda: notes.read_text().count("cut began") == 2, seconds=30)
        until(written(notes, "cut ended"), seconds=10)

    assert took < 20, "a start of the process and some 10 s"


def test_a_worker_outlives_a_restart_of_the_database(test_config: Config, notes: Path) -> None:
    with running_worker(test_config) as process:
        until(alive, seconds=30)
        cut_connections(test_config)
        enqueue(notes, "after")

        until(written(notes, "after ended"), seconds=20)
        assert process.poll() is None


def cut_connections(config: Config, seconds: int = 2) -> None:
    """Close every connection to the test's database, and let nobody in for a while: as a restart does."""
    name = db.engine.url.database
    admin = create_engine(db.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(ended, {"name": name})
        time.sleep(seconds)
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    admin.dispose()
    db.engine.dispose()


def test_once_drains_the_queue_and_ends(test_config: Config, notes: Path) -> None:
    for number in range(5):
        enqueue(notes, f"job {number}")
    with running_worker(test_config, "--once") as process:
        assert process.wait(60) == 0

    assert sorted(notes.read_text().splitlines()) == sorted(
        f"job {number} {what}" for number in range(5) for what in ("began", "ended")
    )


def test_a_worker_that_keeps_ending_by_itself_is_an_error(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends_at_once(*_: Any, **__: Any) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(worker, "_run", ends_at_once)
    monkeypatch.setattr(worker, "LONGEST_RESTART_WAIT_SECONDS", 0)
    monkeypatch.setattr(worker, "ENDS_IN_A_ROW", 0)

    with pytest.raises(worker.WorkerEnded):
        asyncio.run(worker.serve(jobs.conninfo()))


def test_a_job_by_the_clock_whose_worker_died_is_dropped_for_the_next_one(committed: Flask) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, lock, queueing_lock, args)"
                " VALUES ('default', 'calls.sweep', 'doing', 'calls.sweep', 'calls.sweep', '{\"timestamp\": 0}'),"
                "        ('default', 'calls.sweep', 'todo', 'calls.sweep', 'calls.sweep', '{\"timestamp\": 5}')"
            )
        )

    worker.drain()

    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one() == 0


def test_a_job_that_was_given_up_is_told_by_a_check_of_its_own(committed: Flask) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)"
                " VALUES ('default', 'test.fail', 'failed', '{}')"
            )
        )
        holds = {result.id: result.holds for result in checks.run(session)}
    assert (holds["L05"], holds["L07"]) == (True, False)
