"""Jobs: in the transaction or not at all, tried again with back-off, and known by the request that caused them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import jobs, logs
from randonumber.database import refuse_inside_transaction, transaction
from randonumber.worker import FAILED_JOBS

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import RunJobs

seen: list[tuple[str | None, str]] = []


@jobs.job("test.see")
def see(word: str) -> None:
    refuse_inside_transaction()
    jobs.current()
    seen.append((logs.request_id.get(), word))


@jobs.job("test.fail", tries=3)
def fail() -> None:
    seen.append((None, "failing"))
    raise ZeroDivisionError


@jobs.periodic("test.by_the_clock", "0 0 1 1 *")
def by_the_clock() -> None:
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def nothing_seen(committed: Flask) -> None:
    seen.clear()


def count(status: str) -> int:
    with transaction() as session:
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE status = :status")
        return int(session.execute(query, {"status": status}).scalar_one())


def test_a_job_runs_with_the_app_and_the_id_of_the_request_that_caused_it(run_jobs: RunJobs) -> None:
    token = logs.request_id.set("request-1")
    with transaction() as session:
        jobs.enqueue(session, see, word="hello")
    logs.request_id.reset(token)

    run_jobs()

    assert seen == [("request-1", "hello")]
    assert count("succeeded") == 0, "what is done is not kept"


def test_a_job_without_a_request_has_an_id_of_its_own(run_jobs: RunJobs) -> None:
    with transaction() as session:
        jobs.enqueue(session, "test.see", word="by name")

    run_jobs()

    ((request_id, word),) = seen
    assert word == "by name"
    assert request_id is not None


def test_a_job_of_a_transaction_that_is_rolled_back_never_was(run_jobs: RunJobs) -> None:
    with transaction() as session:
        jobs.enqueue(session, see, word="never")
        session.rollback()

    run_jobs()

    assert seen == []


def test_a_delayed_job_waits(run_jobs: RunJobs) -> None:
    with transaction() as session:
        jobs.enqueue(session, see, delay_seconds=60, word="later")

    run_jobs()
    assert seen == []

    run_jobs(early=True)
    assert [word for _, word in seen] == ["later"]


def test_a_job_that_raises_is_tried_again_and_given_up_at_last(run_jobs: RunJobs) -> None:
    with transaction() as session:
        jobs.enqueue(session, fail)

    run_jobs(may_fail=True)
    assert (len(seen), count("todo")) == (1, 1)
    run_jobs(early=True, may_fail=True)
    run_jobs(early=True, may_fail=True)
    run_jobs(early=True, may_fail=True)

    assert (len(seen), count("failed")) == (3, 1)
    with transaction() as session:
        assert [row.task_name for row in session.execute(text(FAILED_JOBS.sql))] == ["test.fail"]


def test_what_a_job_raises_fails_the_test_that_ran_it(run_jobs: RunJobs) -> None:
    with transaction() as session:
        jobs.enqueue(session, fail)

    with pytest.raises(ZeroDivisionError):
        run_jobs()


def test_a_job_by_the_clock_that_raises_is_logged_and_not_repeated(
    run_jobs: RunJobs, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction() as session:
        jobs.enqueue(session, by_the_clock, timestamp=0)

    run_jobs(may_fail=True)

    assert "periodic_job_failed" in caplog.text
    assert count("todo") == count("failed") == 0
