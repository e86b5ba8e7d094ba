"""A kill storm for buying: buyers' requests, the web server and the worker are killed while Stripe fails.

`python -m tests.credits.kill_storm --presses 300 --seconds 120 --seed 7` buys in every way and gives back, presses the
same buttons again, also with another quantity, and prints what was lost (nothing) and what was done twice (nothing).
The database is the one in TEST_DATABASE, or one of its own. The suite runs a short one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click
import stripe
from sqlalchemy import text

from randonumber import calls, ledger
from randonumber.credits.service import cards, customers
from randonumber.database import transaction
from randonumber.ledger import Move, accounts, checks
from randonumber.reconciliation.service import reconcile
from tests import storm
from tests.credits.storm_buttons import BUTTONS, DECLINED_CARD, GOOD_CARD, Press, address, press
from tests.people import make_user

if TYPE_CHECKING:
    from flask import Flask

BUYERS: Final = 12
AT_ONCE: Final = 3
WALLET_MINOR: Final = 20_000
CARDS: Final = (*(6 * [GOOD_CARD]), DECLINED_CARD, None)
WEB_POINTS: Final = ("", "after_inbox")
WORKER_POINTS: Final = ("", "", *filter(None, storm.POINTS), "before_effect")
LONGEST_PRESS_SECONDS: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a storm left.

    `stuck`: calls, events, jobs and refunds that are open a minute later, and payments without credits by then.
    `broken`: presses that would have been a 500. `lost`: payments without credits; `invented`: credits without their
    money; `doubled`: purchases with two payments, refunds made twice, forms that bought twice, receipts but one.
    """

    presses: int
    kills: int
    ended_after_seconds: int
    payments: int
    wallet_purchases: int
    refunds: int
    stuck: int
    broken: int
    lost: int
    invented: int
    doubled: int
    violations: list[str]
    difference: int
    unmatched: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, done twice, or left."""
        counts = (self.stuck, self.broken, self.lost, self.invented, self.doubled, self.difference, self.unmatched)
        return not any(counts) and not self.violations


class Crowd:
    """Some people who press at the same time, each in a process that may die at a point or at any moment."""

    def __init__(self, app: Flask, base: str, dice: random.Random) -> None:
        self.app, self.base, self.dice = app, base, dice
        self.pressed: list[Press] = []
        self.running: dict[int, float] = {}
        self.presses = self.kills = self.broken = 0

    def go_on(self, *, may_press: bool = True) -> None:
        """Kill whose time has come, see who is ready, and let the next one press."""
        for process, dies_at in list(self.running.items()):
            if time.monotonic() > dies_at:
                os.kill(process, signal.SIGKILL)
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                del self.running[process]
                self.kills += os.WIFSIGNALED(status)
                self.broken += os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0
        if may_press and len(self.running) < AT_ONCE:
            self._press(self._choose())

    def _choose(self) -> Press:
        """Return a new press, or one of the last ones again: by a double click, or with another quantity."""
        if self.pressed and self.dice.random() < 0.4:
            again = self.dice.choice(self.pressed[-10:])
            return again if self.dice.random() < 0.7 else replace(again, quantity=self.dice.choice((10, 20, 30)))
        new = Press(
            button=self.dice.choice(BUTTONS),
            buyer=self.dice.randrange(BUYERS),
            form_ref=f"form-{len(self.pressed):05}",
            quantity=self.dice.choice((10, 20, 30)),
            card=self.dice.choice(CARDS),
        )
        self.pressed.append(new)
        return new

    def _press(self, one: Press) -> None:
        self.presses += 1
        way = self.dice.choice(("lives", "lives", "dies at a point", "dies at a moment"))
        point = self.dice.choice(storm.POINTS) if way == "dies at a point" else ""
        process = storm.fork(self.app, partial(press, self.base, one), point)
        dies_after = self.dice.uniform(0, LONGEST_PRESS_SECONDS) if way == "dies at a moment" else float("inf")
        self.running[process] = time.monotonic() + dies_after


def prepare(base: str) -> None:
    """Make the buyers, with wallet money, a customer and a card each; every sixth has one that is declined later."""
    sdk: Any = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base}).v1
    for number in range(BUYERS):
        person = make_user(address(number))
        given = Move(source=accounts.OPENING, destination=accounts.wallet(person.id), amount=WALLET_MINOR)
        with transaction() as session:
            ledger.post(session, kind="test", ref=person.ref, entries=[given], actor="storm", user_id=person.id)
            customer = customers.lock_customer(session, person.id)
            customers.plan(session, customer)
            call_id = customer.call_id
        assert call_id is not None
        calls.drive(call_id)
        with transaction() as session:
            customer_id = customers.lock_customer(session, person.id).stripe_customer_id
        card = "pm_card_visa" if number % 6 else "pm_card_chargeCustomerFail"
        sdk.payment_methods.attach(card, {"customer": customer_id})
        cards.level(person.id)


def rage(app: Flask, base: str, port: int, *, count: int, seconds: int, seed: int) -> Result:
    """Let a crowd press in processes that die; then let Stripe be well, wait a minute at most, and count."""
    dice = random.Random(seed)  # noqa: S311 - a seed repeats the storm
    assert os.waitpid(storm.fork(app, partial(prepare, base)), 0)[1] == 0, "the buyers could not be made"
    storm.misbehave(base, "*", seed)
    for event, fault in enumerate(("duplicate", "shuffle")):
        storm.switch(base, "POST", {"operation": "*", "fault": fault, "rate": 0.2, "seed": seed + event})
    web = storm.Kept(app=app, run=partial(storm.serve, app, port), dice=dice, points=WEB_POINTS)
    worker = storm.Kept(app=app, run=storm.work, dice=dice, points=WORKER_POINTS)
    crowd = Crowd(app, base, dice)
    began = time.monotonic()
    for kept in (web, worker):
        kept.start()
    while crowd.running or (crowd.presses < count and time.monotonic() - began < seconds):
        crowd.go_on(may_press=crowd.presses < count and time.monotonic() - began < seconds)
        for kept in (web, worker):
            kept.tend()
        time.sleep(0.02)
    storm.switch(base, "DELETE")
    for kept in (web, worker):
        kept.recover()
    stopped_at = time.monotonic()
    stuck = storm.wait_for_the_end(app, partial(left, base))
    ended_after = round(time.monotonic() - stopped_at)
    for kept in (web, worker):
        kept.stop()
    kills = crowd.kills + web.kills + worker.kills
    with app.app_context():
        found = count_up(base, {(address(one.buyer), one.form_ref) for one in crowd.pressed})
    return Result(
        presses=crowd.presses, kills=kills, ended_after_seconds=ended_after, stuck=stuck, broken=crowd.broken, **found
    )


def left(base: str) -> int:
    """Return how much is not at its end yet. Nobody does anything for it but the worker.

    A purchase may stay pending when its buyer walked away from a page that can be paid; the saved cards ask no bank.
    """
    parts = (
        "stripe_calls WHERE closed_at IS NULL",
        "inbox_events WHERE status IN ('pending', 'dead')",
        "refunds WHERE status IN ('held', 'pending')",
        "procrastinate_jobs WHERE status = 'failed'",
        "purchases WHERE status = 'pending' AND coalesce(checkout_session_id, payment_intent_id) IS NULL",
        "purchases WHERE status = 'pending' AND method = 'one_click'",
    )
    return sum(map(storm.count, parts)) or len(paid_at_stripe(base).keys() - booked())


def paid_at_stripe(base: str) -> Counter[str]:
    """Return how often each purchase was paid, by Stripe's own list."""
    sdk: Any = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base}).v1
    intents = sdk.payment_intents.list({"limit": 100}).auto_paging_iter()
    return Counter(one.metadata["purchase_ref"] for one in intents if one.status == "succeeded")


def returned_at_stripe(base: str) -> Counter[str]:
    """Return how often each refund was made, by Stripe's own list."""
    sdk: Any = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base}).v1
    return Counter(one.metadata["ref"] for one in sdk.refunds.list({"limit": 100}).auto_paging_iter())


def booked(method: str = "<> 'wallet'") -> set[str]:
    """Return the purchases in the ledger that were paid at Stripe, or by another method."""
    query = (
        f"SELECT purchases.ref FROM purchases JOIN transactions USING (ref) WHERE kind = 'purchase' AND method {method}"  # noqa: S608
    )
    with transaction() as session:
        return set(session.scalars(text(query)))


def settled() -> set[str]:
    """Return the refunds at Stripe that are at their end here."""
    query = "SELECT refunds.ref FROM refunds JOIN purchases ON purchases.id = purchase_id WHERE method <> 'wallet'"
    with transaction() as session:
        return set(session.scalars(text(f"{query} AND refunds.status = 'succeeded' AND is_booked")))


UNSOUND_LOTS: Final = """
    (SELECT 1 FROM purchases LEFT JOIN accounts USING (lot_ref)
      WHERE (status IN ('paid', 'partly_refunded', 'refunded')) <> (purchases.lot_ref IS NOT NULL)
         OR balance <> credits - revoked_credits) AS unsound
"""
UNSOUND_WALLETS: Final = f"""
    (SELECT 1 FROM users JOIN accounts ON accounts.user_id = users.id AND accounts.kind = 'wallet'
      WHERE balance <> {WALLET_MINOR} - (SELECT coalesce(sum(amount_minor - refunded_minor), 0) FROM purchases
                                          WHERE user_id = users.id AND method = 'wallet')) AS unsound
"""  # noqa: S608 - a figure of this file


def forms_that_bought() -> set[tuple[str, str]]:
    """Return the uses of a form that bought something, by their buyer; the database lets each buy once."""
    query = "SELECT email, form_ref FROM purchases JOIN users ON users.id = user_id WHERE lot_ref IS NOT NULL"
    with transaction() as session:
        return {(email, form_ref) for email, form_ref in session.execute(text(query))}


def count_up(base: str, pressed: set[tuple[str, str]]) -> dict[str, Any]:
    """Hold both sides against each other; `pressed` are the forms that people used."""
    report = reconcile()
    paid, returned = paid_at_stripe(base), returned_at_stripe(base)
    with transaction() as session:
        violations = [f"{one.id} {one.title}: {one.count}" for one in checks.run(session) if not one.holds]
    receipts = storm.count("mail_messages WHERE template = 'receipt'")
    from_wallet = booked("= 'wallet'")
    return {
        "payments": paid.total(),
        "wallet_purchases": len(from_wallet),
        "refunds": storm.count("refunds WHERE status = 'succeeded'"),
        "lost": len(paid.keys() - booked()) + len(returned.keys() - settled()),
        "invented": len(booked() - paid.keys())
        + len(settled() - returned.keys())
        + storm.count(UNSOUND_LOTS)
        + storm.count(UNSOUND_WALLETS),
        "doubled": sum(number > 1 for number in (*paid.values(), *returned.values()))
        + len(forms_that_bought() - pressed)
        + abs(receipts - len(booked()) - len(from_wallet)),
        "violations": violations,
        "difference": report.difference,
        "unmatched": report.unmatched,
    }


@click.command()
@click.option("--presses", default=300)
@click.option("--seconds", default=120)
@click.option("--seed", type=int)
def main(presses: int, seconds: int, seed: int | None) -> None:
    """Run one storm, and print its seed and its result as JSON."""
    seed = random.randrange(10_000) if seed is None else seed  # noqa: S311 - a seed is no secret
    port = storm.free_port()
    shop = f"http://{storm.HOST}:{port}"
    with TemporaryDirectory(prefix="storm-") as folder, storm.database(), storm.stripe_process(shop) as base:
        app = storm.make_app(
            base,
            base_url=shop,
            instance_path=Path(folder),
            stripe_publishable_key="pk_test_sandbox",
            stripe_webhook_secret="whsec_sandbox",
            stripe_connect_webhook_secret="whsec_sandbox_connect",
            free_credits=0,
            refunds_per_month=1000,
        )
        result = rage(app, base, port, count=presses, seconds=seconds, seed=seed)
    click.echo(json.dumps({"seed": seed, **asdict(result)}))
    sys.exit(0 if result.is_clean else 1)


if __name__ == "__main__":
    main()
