"""A kill storm: processes that plan and drive calls, and the worker, are killed at random while Stripe misbehaves.

`python -m tests.calls.kill_storm --calls 400 --seconds 90 --seed 7` prints what was lost (nothing), done twice
(nothing) and how long the rest took, on the database in TEST_DATABASE or one of its own. The suite runs a short one.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import stripe
from sqlalchemy import text

from randonumber import calls
from randonumber.database import transaction
from randonumber.ledger import Move, accounts, post
from randonumber.stripe_gateway import gateway
from tests import storm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.calls import Call


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
    began = time.monotonic()
    worker = storm.Kept(app=app, run=storm.work, dice=dice)
    worker.start()
    while planned < count and time.monotonic() - began < seconds:
        web = storm.fork(app, partial(ask, planned), dice.choice(storm.POINTS))
        kills += os.WIFSIGNALED(os.waitpid(web, 0)[1])
        planned += 1
        worker.tend()
    storm.switch(base, "DELETE")
    stopped_at = time.monotonic()
    stuck = storm.wait_for_the_end(app, storm.open_calls)
    worker.stop()
    objects = stripe_objects(base)
    with app.app_context(), transaction() as session:
        booked = set(session.scalars(text("SELECT ref FROM transactions WHERE kind = 'unmatched'")))
    return Result(
        planned=planned,
        kills=kills + worker.kills,
        stuck=stuck,
        lost=sum(f"usr_{number}" not in objects or f"usr_{number}" not in booked for number in range(planned)),
        doubled=sum(len(ids) > 1 for ids in objects.values()),
        ended_after_seconds=round(time.monotonic() - stopped_at),
    )


def make_app(base: str) -> Flask:
    """Return the app of a storm: what a call leads to is one booking under its ref."""
    app = storm.make_app(base)

    def settled(session: Session, call: Call, _result: Mapping[str, Any]) -> None:
        move = Move(source=accounts.STRIPE_BALANCE, destination=accounts.UNMATCHED, amount=1)
        post(session, kind="unmatched", ref=call.ref, entries=[move], actor="storm")

    def refused(*_: Any) -> None:
        raise AssertionError

    def find(call: Call) -> Mapping[str, Any] | None:
        return gateway().find_by_ref("customers", call.ref, email=call.params["email"])

    calls.register(app, calls.Operation(name="customer.create", settled=settled, refused=refused, find=find))
    return app


def ask(number: int) -> None:
    """Be a web process that plans one call and drives it."""
    with transaction() as session:
        given = {"email": f"u{number}@example.com"}
        call_id = calls.plan(session, operation="customer.create", ref=f"usr_{number}", params=given)
    calls.drive(call_id)


def stripe_objects(base: str) -> dict[str, list[str]]:
    """Return the customers that the sandbox holds, by ref."""
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base})
    found: dict[str, list[str]] = {}
    for customer in client.v1.customers.list({"limit": 100}).auto_paging_iter():
        assert customer.metadata is not None
        found.setdefault(customer.metadata["ref"], []).append(customer.id)
    return found


@click.command()
@click.option("--calls", "count", default=400)
@click.option("--seconds", default=90)
@click.option("--seed", type=int)
def main(count: int, seconds: int, seed: int | None) -> None:
    """Run one storm, and print its seed and its result as JSON."""
    seed = random.randrange(10_000) if seed is None else seed  # noqa: S311 - a seed is no secret
    with storm.database(), storm.stripe_process() as base:
        storm.misbehave(base, "POST /v1/customers", seed)
        result = rage(make_app(base), base, count=count, seconds=seconds, seed=seed)
    click.echo(json.dumps({"seed": seed, **asdict(result)}))
    sys.exit(1 if result.lost or result.doubled or result.stuck else 0)


if __name__ == "__main__":
    main()
