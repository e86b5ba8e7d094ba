"""What every kill storm is made of: processes that die, a Stripe that fails every fifth time, and a database."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from flask_migrate import upgrade
from sqlalchemy import text
from werkzeug.serving import make_server

from randonumber import Config, create_app, failpoints, worker
from randonumber.config import ROOT
from randonumber.database import db, transaction
from randonumber.embedded import LocalPostgres
from randonumber.jobs import conninfo
from randonumber.logs import configure_logging

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping

    from flask import Flask

HOST: Final = "127.0.0.1"
POINTS: Final = ("", "", "after_intent", "after_lease", "before_settle", "after_settle")
FAULTS: Final = {
    "reset_before": 0.06,
    "reset_after": 0.06,
    "error_500": 0.03,
    "error_500_done": 0.03,
    "error_429": 0.04,
}
LONGEST_END_SECONDS: Final = 60
SLOW_SECONDS: Final = 2
"""Longer than an impatient app waits."""
QUIET_SECONDS: Final = (3, 6)
"""So long a process that is kept running lives until it is killed."""


@dataclass(kw_only=True)
class Kept:
    """A process that is killed every few seconds, or dies at a point by itself, and is started again."""

    app: Flask
    run: Callable[[], None]
    dice: random.Random
    points: tuple[str, ...] = ("",)
    kills: int = 0
    process: int = 0
    dies_at: float = field(default=0.0)

    def start(self, point: str = "") -> None:
        """Start it, to die at a point if one is given."""
        self.process = fork(self.app, self.run, point)
        self.dies_at = time.monotonic() + self.dice.uniform(*QUIET_SECONDS)

    def tend(self) -> None:
        """Kill it when its time has come, and start it again when it is dead."""
        if time.monotonic() > self.dies_at:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        elif not os.waitpid(self.process, os.WNOHANG)[0]:
            return
        self.kills += 1
        self.start(self.dice.choice(self.points))

    def recover(self) -> None:
        """Start it once more, to live."""
        end(self.process, signal.SIGKILL)
        self.start()

    def stop(self) -> None:
        """End it in order."""
        end(self.process, signal.SIGTERM)


def make_app(base: str, **settings: Any) -> Flask:
    """Return the app of a storm, as it is, with a short quiet time and another Stripe."""
    given: dict[str, Any] = {
        "database_uri": os.environ["TEST_DATABASE"],
        "app_secret_key": "storm-" * 8,
        "stripe_secret_key": "sk_test_sandbox",
        "stripe_api_base": base,
        "stripe_quiet_seconds": 2,
        "testing": True,
    }
    return create_app(Config(**given | settings))


def work() -> None:
    """Be the worker."""
    asyncio.run(worker.serve(conninfo()))


def serve(app: Flask, port: int) -> None:
    """Be the web server."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    make_server(HOST, port, app, threaded=True).serve_forever()


def fork(app: Flask, run: Callable[[], None], point: str = "") -> int:
    """Run something in a process of its own, which dies at a point if one is given, and return its id."""
    with app.app_context():
        db.engine.dispose()
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        configure_logging("CRITICAL")
        failpoints.arm({point: "kill"} if point else {})
        with app.app_context():
            run()
        status = 0
    except Exception:  # noqa: BLE001 - it would be swallowed by the end of the process
        traceback.print_exc()
    finally:
        os._exit(status)


def end(process: int, number: signal.Signals) -> None:
    """End a process and wait for it; one that is dead already is dead."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(process, number)
        os.waitpid(process, 0)


def wait_for_the_end(app: Flask, left: Callable[[], int]) -> int:
    """Wait until nothing is left, and return how much is a minute after Stripe is well again."""
    deadline = time.monotonic() + LONGEST_END_SECONDS
    while True:
        with app.app_context():
            number = left()
        if not number:
            return 0
        if time.monotonic() > deadline:
            print(what_is_left(app), file=sys.stderr)
            return number
        time.sleep(0.3)


def open_calls() -> int:
    """Return how many calls to Stripe have not ended."""
    return count("stripe_calls WHERE closed_at IS NULL")


def count(what: str) -> int:
    """Return how many rows there are of a table, or of a part of it."""
    with transaction() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())  # noqa: S608 - the storm's words


def what_is_left(app: Flask) -> str:
    """Return the open calls and events, the jobs and the workers as text."""
    queries = (
        "SELECT to_jsonb(stripe_calls) FROM stripe_calls WHERE closed_at IS NULL",
        "SELECT to_jsonb(inbox_events) - 'body' FROM inbox_events WHERE status IN ('pending', 'dead')",
        "SELECT to_jsonb(procrastinate_jobs) FROM procrastinate_jobs",
        "SELECT to_jsonb(procrastinate_workers) FROM procrastinate_workers",
    )
    with app.app_context(), transaction() as session:
        return "\n".join(json.dumps(row) for query in queries for row in session.scalars(text(query)))


@contextlib.contextmanager
def database() -> Iterator[None]:
    """Have a migrated database in TEST_DATABASE: the one that is there, or a new one on a server of its own."""
    if "TEST_DATABASE" in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="storm-") as folder:
        server = LocalPostgres(Path(folder), durable=False).start()
        try:
            os.environ["TEST_DATABASE"] = server.url()
            with make_app("http://127.0.0.1:5001").app_context(), contextlib.redirect_stdout(sys.stderr):
                upgrade()
            yield
        finally:
            del os.environ["TEST_DATABASE"]
            server.release()


@contextlib.contextmanager
def stripe_process(shop: str = "http://127.0.0.1:1") -> Iterator[str]:
    """Run the sandbox as a process that tells the shop at this address, and yield its own."""
    port = free_port()
    command = [sys.executable, "manage.py", "sandbox", "--memory", "--port", str(port)]
    environ = {**os.environ, "BASE_URL": shop}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://{HOST}:{port}"
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


def misbehave(base: str, operation: str, seed: int, faults: Mapping[str, float] = FAULTS) -> None:
    """Let an operation fail every fifth time. Equal seeds would let the faults strike together."""
    for number, (fault, rate) in enumerate(faults.items()):
        plan = {"operation": operation, "fault": fault, "rate": rate, "seed": seed + number}
        switch(base, "POST", plan | ({"seconds": SLOW_SECONDS} if fault == "slow" else {}))


def switch(base: str, method: str, plan: Mapping[str, Any] | None = None) -> None:
    """Add to the sandbox's fault plan, or empty it."""
    body, headers = json.dumps(plan or {}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/_sandbox/faults", data=body, headers=headers, method=method)  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310 - an address on this machine
