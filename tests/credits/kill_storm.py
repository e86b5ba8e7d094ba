"""A kill storm for buying: buyers' requests and the worker are killed at random while Stripe fails every fifth time.

`TEST_DATABASE=… python -m tests.credits.kill_storm --presses 200 --seconds 120 --seed 7` buys in three ways and gives
back, presses the same buttons again, and prints what was lost (nothing) and what was done twice (nothing).
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
import stripe
from sqlalchemy import select, text

from randonumber import Config, calls, create_app, failpoints, hooks, worker
from randonumber.credits import jobs, refund_jobs, service
from randonumber.credits.models import Card, PurchaseMethod
from randonumber.credits.service import Order, cards, customers, refunds
from randonumber.database import transaction
from randonumber.errors import AppError
from randonumber.ledger import checks
from randonumber.reconciliation.service import reconcile
from randonumber.stripe_gateway import StripeUnavailable
from tests.calls.kill_storm import POINTS, end, fork, misbehave, stripe_process, switch, wait_for_the_end, work
from tests.people import make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

BUYERS: Final = 6
NETWORK: Final = "10.0.0.0/24"
OPERATIONS: Final = (
    "POST /v1/checkout/sessions",
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/{intent}/confirm",
    "POST /v1/refunds",
)
HOSTED_FORM: Final = {
    "email": "buyer@example.com",
    "card_number": "4242424242424242",
    "exp": "12/40",
    "cvc": "123",
    "action": "pay",
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a storm left. `lost`: payments without credits; `doubled`: purchases with two payments, refunds made twice;
    `wrong`: purchases that say paid without one payment, and refunds that Stripe has otherwise."""

    presses: int
    kills: int
    stuck: int
    payments: int
    refunds: int
    lost: int
    doubled: int
    wrong: int
    violations: int
    difference: int
    unmatched: int

    @property
    def is_clean(self) -> bool:
        return not any(
            (self.stuck, self.lost, self.doubled, self.wrong, self.violations, self.difference, self.unmatched)
        )


@dataclass(frozen=True, kw_only=True)
class Press:
    """One button that somebody pressed, and presses again when nothing seems to happen."""

    button: Callable[[str, hooks.Person, str], None]
    buyer: int
    form_ref: str


def hosted(_base: str, buyer: hooks.Person, form_ref: str) -> None:
    """Buy on Stripe's page, and come back."""
    started = service.start_purchase(buyer, Order(quantity=10, form_ref=form_ref), network=NETWORK)
    if started.url is None:
        return
    form = urllib.parse.urlencode(HOSTED_FORM).encode()
    with suppress(urllib.error.HTTPError):  # paid already: that page is closed; or sent back to the shop, which is away
        urllib.request.build_opener(StayThere).open(started.url, form).close()
    service.refresh_purchase(started.ref, actor="storm")


class StayThere(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: the shop's pages are not there."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def custom(base: str, buyer: hooks.Person, form_ref: str) -> None:
    """Buy on our own page."""
    order = Order(quantity=20, form_ref=form_ref, method=PurchaseMethod.CUSTOM)
    found = service.start_on_page(buyer, order, network=NETWORK)
    if found.client_secret is None:
        return
    browser = stripe.StripeClient("pk_test_sandbox", base_addresses={"api": base}, max_network_retries=0)
    wanted: Any = {"client_secret": found.client_secret, "payment_method": "pm_card_visa", "return_url": f"{base}/back"}
    with suppress(stripe.StripeError):  # the browser sees an error, and the return page tells
        browser.v1.payment_intents.confirm(found.client_secret.partition("_secret_")[0], wanted)
    service.refresh_purchase(found.ref, actor="storm")


def one_click(_base: str, buyer: hooks.Person, form_ref: str) -> None:
    """Buy with the saved card."""
    with transaction() as session:
        card_id = session.execute(select(Card.id).where(Card.user_id == buyer.user_id)).scalar_one()
    order = Order(quantity=30, form_ref=form_ref, method=PurchaseMethod.ONE_CLICK, card_id=card_id)
    service.start_purchase(buyer, order, network=NETWORK)


def give_back(_base: str, buyer: hooks.Person, form_ref: str) -> None:
    """Give back the buyer's newest purchase that can be."""
    newest = text("SELECT ref FROM purchases WHERE user_id = :id AND status = 'paid' ORDER BY id DESC LIMIT 1")
    with transaction() as session:
        ref = session.execute(newest, {"id": buyer.user_id}).scalar_one_or_none()
    if ref is not None:
        refunds.refund_for_buyer(buyer, ref, form_ref)


BUTTONS: Final = (hosted, custom, one_click, one_click, give_back)


def press(base: str, one: Press, point: str) -> None:
    """Be a web process in which a button is pressed, and which perhaps dies at a point."""
    with transaction() as session:
        query = text("SELECT id AS user_id, ref, email FROM users WHERE email = :email")
        buyer = hooks.Person(**session.execute(query, {"email": address(one.buyer)}).mappings().one())
    failpoints.arm({point: "kill"} if point else {})
    with suppress(AppError, StripeUnavailable):  # what its page says in words
        one.button(base, buyer, one.form_ref)


def address(number: int) -> str:
    return f"buyer-{number}@example.com"


def prepare(base: str) -> None:
    """Make the buyers, their customers and a card for each."""
    sdk: Any = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base}).v1
    for number in range(BUYERS):
        person = make_user(address(number))
        with transaction() as session:
            customer = customers.lock_customer(session, person.id)
            customers.plan(session, customer)
            call_id = customer.call_id
        assert call_id is not None
        calls.drive(call_id)
        with transaction() as session:
            customer_id = customers.lock_customer(session, person.id).stripe_customer_id
        sdk.payment_methods.attach("pm_card_visa", {"customer": customer_id})
        cards.level(person.id)


def rage(app: Flask, base: str, *, count: int, seconds: int, seed: int) -> Result:
    """Press buttons one after another in processes that die; then let Stripe be well, and count."""
    dice = random.Random(seed)  # noqa: S311 - a seed repeats the storm
    assert os.waitpid(fork(app, partial(prepare, base)), 0)[1] == 0, "the buyers could not be made"
    for number, operation in enumerate(OPERATIONS):
        misbehave(base, operation, seed + 10 * number)
    pressed: list[Press] = []
    kills, presses = 0, 0
    began = killed_at = time.monotonic()
    working = fork(app, work)
    while presses < count and time.monotonic() - began < seconds:
        is_new = not pressed or dice.random() < 0.7
        if is_new:
            pressed.append(
                Press(button=dice.choice(BUTTONS), buyer=dice.randrange(BUYERS), form_ref=f"form-{len(pressed):05}")
            )
        one = pressed[-1] if is_new else dice.choice(pressed[-10:])
        web = fork(app, partial(press, base, one, dice.choice(POINTS)))
        kills += os.WIFSIGNALED(os.waitpid(web, 0)[1])
        presses += 1
        if time.monotonic() - killed_at > dice.uniform(3, 6):
            end(working, signal.SIGKILL)
            kills, killed_at = kills + 1, time.monotonic()
            working = fork(app, work)
    switch(base, "DELETE")
    stuck = wait_for_the_end(app)
    end(working, signal.SIGTERM)
    with app.app_context():
        return count_up(base, presses=presses, kills=kills, stuck=stuck)


def count_up(base: str, *, presses: int, kills: int, stuck: int) -> Result:
    """Let the sweeps do what they do by themselves within minutes, and hold both sides against each other."""
    jobs.sweep_all()
    refund_jobs.sweep_all()
    worker.drain()
    report = reconcile()
    sdk: Any = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base}).v1
    intents = list(sdk.payment_intents.list({"limit": 100}).auto_paging_iter())
    paid = Counter(one.metadata["purchase_ref"] for one in intents if one.status == "succeeded")
    returned = Counter(one.metadata["ref"] for one in sdk.refunds.list({"limit": 100}).auto_paging_iter())
    with transaction() as session:
        booked = set(session.scalars(text("SELECT ref FROM transactions WHERE kind = 'purchase'")))
        settled = set(session.scalars(text("SELECT ref FROM refunds WHERE status = 'succeeded' AND is_booked")))
        violations = sum(not one.holds for one in checks.run(session, prefix="A"))
    return Result(
        presses=presses,
        kills=kills,
        stuck=stuck,
        payments=paid.total(),
        refunds=returned.total(),
        lost=len(paid.keys() - booked),
        doubled=sum(number > 1 for number in (*paid.values(), *returned.values())),
        wrong=len(booked - paid.keys()) + len(settled ^ returned.keys()),
        violations=violations,
        difference=report.difference,
        unmatched=report.unmatched,
    )


def make_app(base: str) -> Flask:
    """Return the app of a storm, as it is, with a short quiet time."""
    return create_app(
        Config(
            database_uri=os.environ["TEST_DATABASE"],
            app_secret_key="storm-" * 8,
            stripe_secret_key="sk_test_sandbox",
            stripe_publishable_key="pk_test_sandbox",
            stripe_api_base=base,
            stripe_quiet_seconds=2,
            refunds_per_month=1000,
            testing=True,
        )
    )


@click.command()
@click.option("--presses", default=200)
@click.option("--seconds", default=120)
@click.option("--seed", type=int)
def main(presses: int, seconds: int, seed: int | None) -> None:
    """Run one storm, and print its seed and its result as JSON."""
    seed = random.randrange(10_000) if seed is None else seed  # noqa: S311 - a seed is no secret
    with stripe_process() as base:
        result = rage(make_app(base), base, count=presses, seconds=seconds, seed=seed)
    click.echo(json.dumps({"seed": seed, **asdict(result)}))
    sys.exit(0 if result.is_clean else 1)


if __name__ == "__main__":
    main()
