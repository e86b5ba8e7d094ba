"""A kill storm over withdrawals: web and worker are killed at random while Stripe misbehaves.

`python -m tests.payouts.kill_storm --kills 500` asks for withdrawals over the API in processes that die, repeats some
under the same Idempotency-Key, and counts at Stripe what was lost, what was paid twice, and what was left hanging.
Every fifth transfer fails: its line breaks before or after the effect, a 500 sticks to its key (done or not), a 429, or
an answer slower than the time-out. Keys live for seconds, the quiet time is 5 s and the time-outs are 1 s.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from sqlalchemy import text

from randonumber import failpoints
from randonumber.database import transaction
from randonumber.ledger import checks, queries
from randonumber.logs import configure_logging
from randonumber.reconciliation.service import reconcile
from tests import storm as storms
from tests.payouts.storm_ground import Ground, lay_the_ground
from tests.people import bearer
from tests.storm import end, fork, switch, wait_for_the_end, work

if TYPE_CHECKING:
    from flask import Flask

OPERATION: Final = "POST /v1/transfers"
FAULTS: Final = {
    "reset_before": 0.04,
    "reset_after": 0.05,
    "error_500": 0.03,
    "error_500_done": 0.03,
    "error_429": 0.03,
    "slow": 0.02,
}
KEY_TTL_SECONDS: Final = 9
POINTS: Final = ("after_intent", "after_lease", "before_settle", "after_settle")
AT_ONCE: Final = 3


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a storm left: `lost` and `paid_twice` are withdrawals, `difference` is in cents."""

    asked: int
    answered: int
    withdrawals: int
    kills: int
    worker_kills: int
    lost: int
    paid_twice: int
    stuck: int
    difference: int
    broken: list[str]
    states: dict[str, int]
    seconds: int
    ended_after_seconds: int

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled or left."""
        return not (self.lost or self.paid_twice or self.stuck or self.difference or self.broken)


@dataclass(kw_only=True)
class Storm:
    """Processes that ask, and the worker; both die."""

    app: Flask
    ground: Ground
    dice: random.Random
    answers: Path
    asked: int = 0
    kills: int = 0
    worker_kills: int = 0
    working: int = 0
    running: dict[int, int] = field(default_factory=dict)

    def rage(self, kills: int, seconds: int) -> None:
        """Ask and kill until so many processes were killed, or the time is over."""
        began = time.monotonic()
        self.working, worker_dies_at = fork(self.app, work), began + 4
        while self.kills < kills and time.monotonic() - began < seconds:
            while len(self.running) < AT_ONCE:
                self._begin()
            self._reap()
            if time.monotonic() > worker_dies_at:
                end(self.working, signal.SIGKILL)
                self.kills, self.worker_kills = self.kills + 1, self.worker_kills + 1
                self.working, worker_dies_at = fork(self.app, work), time.monotonic() + self.dice.uniform(3, 6)
        while self.running:
            self._reap()

    def _begin(self) -> None:
        """Begin a request: mostly a new one, sometimes one that was asked before."""
        number = self.asked
        if self.asked and self.dice.random() < 0.3:
            number = self.dice.randrange(max(0, self.asked - 20), self.asked)
        else:
            self.asked += 1
        chance = self.dice.random()
        point = self.dice.choice(POINTS) if chance < 0.5 else ""
        dies_after = self.dice.uniform(0.02, 0.5) if chance > 0.75 else 0
        ask = partial(self._ask, number, point, dies_after)
        self.running[fork(self.app, ask)] = number

    def _ask(self, number: int, point: str, dies_after: float) -> None:
        """Be a web process that serves one request, and perhaps dies."""
        configure_logging("CRITICAL")
        if dies_after:
            signal.setitimer(signal.ITIMER_REAL, dies_after)  # the alarm ends the process, wherever it is
        failpoints.arm({point: "kill"} if point else {})
        someone = self.ground.someone(number)
        answer = self.app.test_client().post(
            "/api/v1/withdrawals",
            json={"amount": amount_of(number)},
            headers=bearer(someone.key) | {"Idempotency-Key": f"storm-{number}"},
        )
        if answer.status_code == 201:
            note = f"{number} {answer.get_json()['withdrawal']}\n"
            with self.answers.open("a") as file:
                file.write(note)

    def _reap(self) -> None:
        """Wait for one of the requests to end, one way or another."""
        pid, status = os.waitpid(-1, 0)
        if pid == self.working:
            self.working = fork(self.app, work)
            return
        del self.running[pid]
        self.kills += os.WIFSIGNALED(status)


def amount_of(number: int) -> int:
    """Return what request `number` asks for, in cents: each another amount, so that it can be told apart."""
    return 1000 + number


def judge(storm: Storm, *, began: float, stopped: float, stuck: int) -> Result:
    """Count at Stripe and in the books."""
    answered: dict[int, set[str]] = defaultdict(set)
    for line in storm.answers.read_text().splitlines():
        number, ref = line.split()
        answered[int(number)].add(ref)
    transfers = defaultdict(list)
    for transfer in storm.ground.stripe.v1.transfers.list({"limit": 100}).auto_paging_iter():
        transfers[transfer.transfer_group].append(transfer)
    with storm.app.app_context():
        report = reconcile()
        with transaction() as session:
            rows = session.execute(text("SELECT ref, status, amount_minor FROM withdrawals ORDER BY id")).all()
            broken = [found.id for found in checks.run(session, prefix="A") if not found.holds]
            left = sum(queries.wallet_balances(session, one.user_id).available for one in storm.ground.people)
    by_ref = {row.ref: row for row in rows}
    by_amount = Counter(row.amount_minor for row in rows)
    paid = [row for row in rows if row.status == "paid"]
    lost = [row.ref for row in paid if [one.amount for one in transfers[row.ref]] != [row.amount_minor]]
    lost += [ref for ref, made in transfers.items() if made and (ref not in by_ref or by_ref[ref].status != "paid")]
    lost += [ref for refs in answered.values() for ref in refs if ref not in by_ref]
    twice = [ref for ref, made in transfers.items() if len(made) > 1]
    twice += [str(amount) for amount, times in by_amount.items() if times > 1]
    twice += [str(number) for number, refs in answered.items() if len(refs) > 1]
    missing = storm.ground.filled - left - sum(row.amount_minor for row in paid)
    if not report.agrees or missing:
        broken.append(f"money: {missing} missing, {report}")
    return Result(
        asked=storm.asked,
        answered=len(answered),
        withdrawals=len(rows),
        kills=storm.kills,
        worker_kills=storm.worker_kills,
        lost=len(set(lost)),
        paid_twice=len(set(twice)),
        stuck=stuck,
        difference=report.difference,
        broken=broken,
        states=dict(Counter(str(row.status) for row in rows)),
        seconds=round(stopped - began),
        ended_after_seconds=round(time.monotonic() - stopped),
    )


@click.command()
@click.option("--kills", default=500)
@click.option("--seconds", default=3000, help="Not longer than this.")
@click.option("--seed", type=int)
def main(kills: int, seconds: int, seed: int | None) -> None:
    """Run one storm, and print its seed and its result as JSON."""
    seed = random.randrange(10_000) if seed is None else seed  # noqa: S311 - a seed is no secret
    with storms.database(), storms.stripe_process() as base:
        storms.misbehave(base, OPERATION, seed, FAULTS)
        switch(base, "POST", {"operation": "*", "fault": "key_ttl", "seconds": KEY_TTL_SECONDS, "times": 1_000_000})
        ground = lay_the_ground(base, key_life_seconds=KEY_TTL_SECONDS - 4)
        with tempfile.NamedTemporaryFile() as answers:
            dice = random.Random(seed)  # noqa: S311 - a seed repeats the storm
            storm = Storm(app=ground.app, ground=ground, dice=dice, answers=Path(answers.name))
            began = time.monotonic()
            storm.rage(kills, seconds)
            switch(base, "DELETE")
            stopped = time.monotonic()
            stuck = wait_for_the_end(ground.app, storms.open_calls)
            end(storm.working, signal.SIGTERM)
            result = judge(storm, began=began, stopped=stopped, stuck=stuck)
    shown: dict[str, Any] = {"seed": seed, **asdict(result)}
    click.echo(json.dumps(shown))
    sys.exit(0 if result.is_good else 1)


if __name__ == "__main__":
    main()
