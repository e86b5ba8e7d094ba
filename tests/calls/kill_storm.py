"""A kill storm: processes that plan and drive calls, and the worker, are killed at random while Stripe misbehaves.

`TEST_DATABASE=… python -m tests.calls.kill_storm --calls 400 --seconds 90 --seed 7` prints what was lost (nothing),
done twice (nothing) and how long the rest took. The suite runs a short one.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import stripe
from sqlalchemy import text

from randonumber import Config, calls, create_app, failpoints, worker
from randonumber.config import ROOT
from randonumber.database import db, transaction
from randonumber.jobs import conninfo
from randonumber.ledger import Move, accounts, post
from randonumber.logs import configure_logging
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.calls import Call

POINTS = ("", "", "after_intent", "after_lease", "before_settle", "after_settle")
FAULTS = {"reset_before": 0.06, "reset_after": 0.06, "error_500": 0.03, "error_500_done": 0.03, "error_429": 0.04}
LONGEST_END_SECONDS = 60
SLOW_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a storm left: of `planned` calls, those without an object or without a booking, and those with two."""

    planned: int
    kills: int
    stuck: int
    lost: int
    doubled: int
    ended_after_seconds: int


def rage(app: Flask, base: str, *, count: int, seconds: int, seed: int) -> Result:
    """Plan calls one after another in processes that die, and see that each ends exactly once."""
    dice = random.Random(seed)  # noqa: S311 - a seed repeats the storm
    planned = kills = 0
    began = killed_at = time.monotonic()
    working = fork(app, work)
    while planned < count and time.monotonic() - began < seconds:
        web = fork(app, partial(ask, planned, dice.choice(POINTS)))
        kills += os.WIFSIGNALED(os.waitpid(web, 0)[1])
        planned += 1
        if time.monotonic() - killed_at > dice.uniform(3, 6):
            end(working, signal.SIGKILL)
            kills, killed_at = kills + 1, time.monotonic()
            working = fork(app, work)
    switch(base, "DELETE")
    stopped_at = time.monotonic()
    stuck = wait_for_the_end(app)
    end(working, signal.SIGTERM)
    objects = stripe_objects(base)
    with app.app_context(), transaction() as session:
        booked = set(session.scalars(text("SELECT ref FROM transactions WHERE kind = 'unmatched'")))
    return Result(
        planned=planned,
        kills=kills,
        stuck=stuck,
        lost=sum(f"usr_{number}" not in objects or f"usr_{number}" not in booked for number in range(planned)),
        doubled=sum(len(ids) > 1 for ids in objects.values()),
        ended_after_seconds=round(time.monotonic() - stopped_at),
    )


def make_app(base: str) -> Flask:
    """Return the app of a storm: what a call leads to is one booking under its ref."""
    config = Config(
        database_uri=os.environ["TEST_DATABASE"],
        app_secret_key="storm-" * 8,
        stripe_secret_key="sk_test_sandbox",
        stripe_api_base=base,
        stripe_quiet_seconds=2,
        testing=True,
    )
    app = create_app(config)

    def settled(session: Session, call: Call, _result: Mapping[str, Any]) -> None:
        move = Move(source=accounts.STRIPE_BALANCE, destination=accounts.UNMATCHED, amount=1)
        post(session, kind="unmatched", ref=call.ref, entries=[move], actor="storm")

    def refused(*_: Any) -> None:
        raise AssertionError

    def find(call: Call) -> Mapping[str, Any] | None:
        return gateway().find_by_ref("customers", call.ref, email=call.params["email"])

    calls.register(app, calls.Operation(name="customer.create", settled=settled, refused=refused, find=find))
    return app


def ask(number: int, point: str) -> None:
    """Be a web process that plans one call and drives it, and perhaps dies at a point."""
    with transaction() as session:
        given = {"email": f"u{number}@example.com"}
        call_id = calls.plan(session, operation="customer.create", ref=f"usr_{number}", params=given)
    failpoints.arm({point: "kill"} if point else {})
    calls.drive(call_id)


def work() -> None:
    """Be the worker."""
    configure_logging("CRITICAL")
    asyncio.run(worker.serve(conninfo()))


def fork(app: Flask, run: Callable[[], None]) -> int:
    """Run something in a process of its own, and return its id."""
    with app.app_context():
        db.engine.dispose()
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        with app.app_context():
            run()
        status = 0
    finally:
        os._exit(status)


def end(process: int, number: signal.Signals) -> None:
    """End a process and wait for it."""
    os.kill(process, number)
    os.waitpid(process, 0)


def wait_for_the_end(app: Flask) -> int:
    """Wait until no call is open, and return how many are a minute after Stripe is well again."""
    deadline = time.monotonic() + LONGEST_END_SECONDS
    while True:
        with app.app_context(), transaction() as session:
            left = session.execute(text("SELECT count(*) FROM stripe_calls WHERE closed_at IS NULL")).scalar_one()
        if not left:
            return 0
        if time.monotonic() > deadline:
            click.echo(what_is_left(app), err=True)
            return int(left)
        time.sleep(0.3)


def what_is_left(app: Flask) -> str:
    """Return the open calls, the jobs and the workers as text."""
    queries = (
        "SELECT to_jsonb(stripe_calls) FROM stripe_calls WHERE closed_at IS NULL",
        "SELECT to_jsonb(procrastinate_jobs) FROM procrastinate_jobs",
        "SELECT to_jsonb(procrastinate_workers) FROM procrastinate_workers",
    )
    with app.app_context(), transaction() as session:
        return "\n".join(json.dumps(row) for query in queries for row in session.scalars(text(query)))


def stripe_objects(base: str) -> dict[str, list[str]]:
    """Return the customers that the sandbox holds, by ref."""
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base})
    found: dict[str, list[str]] = {}
    for customer in client.v1.customers.list({"limit": 100}).auto_paging_iter():
        assert customer.metadata is not None
        found.setdefault(customer.metadata["ref"], []).append(customer.id)
    return found


@contextmanager
def unreliable_stripe(
    seed: int, operation: str = "POST /v1/customers", faults: Mapping[str, float] = FAULTS
) -> Iterator[str]:
    """Run the sandbox as a process that fails every fifth time at one operation, and yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "sandbox", "--memory", "--port", str(port)]
    nobody = {**os.environ, "BASE_URL": "http://127.0.0.1:9"}  # events reach nobody
    process = subprocess.Popen(command, cwd=ROOT, env=nobody, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        for number, (fault, rate) in enumerate(faults.items()):  # equal seeds would let them strike together
            plan = {"operation": operation, "fault": fault, "rate": rate, "seed": seed + number}
            switch(base, "POST", plan | ({"seconds": SLOW_SECONDS} if fault == "slow" else {}))
        yield base
    finally:
        process.kill()
        process.communicate()


def switch(base: str, method: str, plan: Mapping[str, Any] | None = None) -> None:
    """Add to the sandbox's fault plan, or empty it."""
    body, headers = json.dumps(plan or {}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/_sandbox/faults", data=body, headers=headers, method=method)  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310 - an address on this machine


@click.command()
@click.option("--calls", "count", default=400)
@click.option("--seconds", default=90)
@click.option("--seed", type=int)
def main(count: int, seconds: int, seed: int | None) -> None:
    """Run one storm, and print its seed and its result as JSON."""
    seed = random.randrange(10_000) if seed is None else seed  # noqa: S311 - a seed is no secret
    with unreliable_stripe(seed) as base:
        result = rage(make_app(base), base, count=count, seconds=seconds, seed=seed)
    click.echo(json.dumps({"seed": seed, **asdict(result)}))
    sys.exit(1 if result.lost or result.doubled or result.stuck else 0)


if __name__ == "__main__":
    main()
