"""Fixtures around Stripe: the sandbox in process, the jobs, the webhooks."""

from __future__ import annotations

import json
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import pytest
import stripe
from sqlalchemy import text

from randonumber import jobs, stripe_gateway, worker
from randonumber.database import db
from randonumber.failpoints import arm
from randonumber.sandbox import Endpoint, create_sandbox, inprocess
from randonumber.sandbox.inprocess import AnsweredWrongly, SandboxHTTPClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask import Flask
    from flask.testing import FlaskClient

PLATFORM_URL = "http://127.0.0.1:5000/webhooks/stripe"
CONNECT_URL = "http://127.0.0.1:5000/webhooks/stripe/connect"
FAILURES = frozenset(
    {"job_failed", "job_dead", "event_handler_failed", "periodic_job_failed", "stripe_call_handling_failed"}
)

_CALLS_WAITED = """
    UPDATE stripe_calls
       SET due_at = CASE WHEN due_at > now() THEN now() ELSE due_at END,
           first_sent_at = first_sent_at - interval '2 seconds',
           last_sent_at = last_sent_at - interval '2 seconds',
           lease_until = lease_until - interval '2 seconds'
     WHERE closed_at IS NULL"""
"""Moves open calls so far into the past that the suite's quiet time, a second, and a dead process's lease are over."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request that the app sent to the sandbox; `status` is None when its answer was lost."""

    method: str
    path: str
    key: str | None
    body: str
    status: int | None


class RecordingClient(SandboxHTTPClient):
    """The in-process transport, which keeps what went over it, and every answer that Stripe would not give."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.exchanges: list[Exchange] = []
        self.wrong_answers: list[AnsweredWrongly] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **more: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        status: int | None = None
        try:
            answer = super().request(method, url, headers, post_data, **more)
            status = answer[1]
        except AnsweredWrongly as wrong:
            self.wrong_answers.append(wrong)
            raise
        finally:
            key = (headers or {}).get("Idempotency-Key")
            exchange = Exchange(
                method=method.upper(), path=urlsplit(url).path, key=key, body=str(post_data or ""), status=status
            )
            self.exchanges.append(exchange)
        return answer


@dataclass(frozen=True, kw_only=True)
class StripeSandbox:
    """Stripe's part in a test, in process and strict: an answer that Stripe would not give fails the test."""

    app: Flask
    transport: RecordingClient
    client: stripe.StripeClient = field(repr=False)

    def pay(self, checkout_url: str, card: str = "4242424242424242", **more: str) -> str | None:
        """Pay on the hosted page as a buyer would; return where the buyer is sent to, None when the page refused."""
        return inprocess.pay(self.app, checkout_url, card=card, **more)

    def leave(self, checkout_url: str) -> str | None:
        """Go back from the hosted page without paying."""
        return inprocess.leave(self.app, checkout_url)

    def fault(self, operation: str, fault: str, **more: Any) -> None:
        """Plan a fault: `sandbox.fault("POST /v1/checkout/sessions", "reset_after")`, once unless `times` says so."""
        inprocess.add_fault(self.app, operation, fault, **more)

    def clear_faults(self) -> None:
        """Empty the fault plan."""
        inprocess.clear_faults(self.app)

    def advance(self, seconds: int) -> int:
        """Move Stripe's clock forward, and return its new time."""
        return inprocess.advance(self.app, seconds)

    def reset(self) -> None:
        """Empty the sandbox: nothing that the app remembers is there any more."""
        inprocess.reset(self.app)

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request that the app sent, in order."""
        return self.transport.exchanges

    def sent(self, method_and_path: str) -> list[Exchange]:
        """Return the requests such as `POST /v1/customers` that the app sent."""
        return [one for one in self.exchanges if f"{one.method} {one.path}" == method_and_path]


class RunJobs(Protocol):
    """Runs what is due; see the fixture."""

    def __call__(self, *, early: bool = False, may_fail: bool = False) -> None: ...


class DeliverWebhooks(Protocol):
    """Delivers what Stripe has to tell; see the fixture."""

    def __call__(
        self, *, copies: int = 1, shuffle: int | None = None, run: bool = True, within: int = 0
    ) -> list[str]: ...


@pytest.fixture
def sandbox(committed: Flask) -> Iterator[StripeSandbox]:
    """Yield a new, empty Stripe that the app speaks to within this test, its breakers closed."""
    endpoints = [
        Endpoint(url=PLATFORM_URL, secret="whsec_sandbox", connect=False),
        Endpoint(url=CONNECT_URL, secret="whsec_sandbox_connect", connect=True),
    ]
    app = create_sandbox(strict=True, endpoints=endpoints, base_url="http://127.0.0.1:5001")
    transport = RecordingClient(app)
    with stripe_through(committed, transport):
        client = stripe.StripeClient("sk_test_sandbox", http_client=SandboxHTTPClient(app), max_network_retries=0)
        yield StripeSandbox(app=app, transport=transport, client=client)
    assert transport.wrong_answers == []


@contextmanager
def stripe_through(app: Flask, transport: Any) -> Iterator[None]:
    """Let the app speak to Stripe over `transport` within the block; None is the network."""
    before = app.extensions["stripe_http_client"]
    app.extensions["stripe_http_client"] = transport
    stripe_gateway.init_app(app)
    yield
    app.extensions["stripe_http_client"] = before
    stripe_gateway.init_app(app)


@pytest.fixture
def run_jobs(committed: Flask) -> RunJobs:
    """Return what runs every due job, call and event with the real worker, until nothing is due.

    `early` runs jobs and calls now that wait for their time, as if it had passed. What a job raises fails the
    test, unless it `may_fail`.
    """

    def run(*, early: bool = False, may_fail: bool = False) -> None:
        if early:
            hurry()
        with failures_kept() as failures, ThreadPoolExecutor(1) as thread:
            thread.submit(copy_context().run, drain, committed).result()
        if failures and not may_fail:
            raise failures[0]

    return run


def drain(app: Flask) -> None:
    """Run what is due, in this thread; another test may have made an app of its own, which jobs ran with since."""
    jobs.init_jobs(app)
    with app.app_context():
        worker.drain()


def hurry() -> None:
    """Make everything that waits for its time due now, as if its time, and a quiet time of Stripe's, had passed."""
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'"))
        connection.execute(text(_CALLS_WAITED))
        connection.execute(text("UPDATE inbox_events SET due_at = now() WHERE status = 'pending'"))


@contextmanager
def failures_kept() -> Iterator[list[BaseException]]:
    """Keep what jobs raise, which the worker only logs."""
    kept: list[BaseException] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() in FAILURES and record.exc_info and record.exc_info[1]:
                kept.append(record.exc_info[1])

    keeper = Keeper()
    logging.getLogger().addHandler(keeper)
    try:
        yield kept
    finally:
        logging.getLogger().removeHandler(keeper)


@pytest.fixture
def deliver_webhooks(sandbox: StripeSandbox, client: FlaskClient, run_jobs: RunJobs) -> DeliverWebhooks:
    """Return what posts every due event to the app and runs what follows, until both are quiet.

    Returns the types that were delivered, in order. `copies` delivers each so often, `shuffle` in the order of that
    seed; `run=False` leaves the jobs alone.
    """

    def deliver(*, copies: int = 1, shuffle: int | None = None, run: bool = True, within: int = 0) -> list[str]:
        types: list[str] = []
        while due := inprocess.deliveries(sandbox.app, within=within, acknowledge=False):
            batch = due * copies
            if shuffle is not None:
                random.Random(shuffle).shuffle(batch)  # noqa: S311 - an order, no secret
            for one in batch:
                answer = client.post(urlsplit(one.url).path, data=one.body, headers=one.headers)
                assert answer.status_code == 200, answer.get_data(as_text=True)
                types.append(str(json.loads(one.body)["type"]))
            for one in due:
                inprocess.settle(sandbox.app, one, 200)
            if run:
                run_jobs()
        return types

    return deliver


@pytest.fixture(autouse=True)
def no_failpoint() -> Iterator[None]:
    """Leave no failpoint armed after a test."""
    yield
    arm({})
