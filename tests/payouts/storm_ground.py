"""What a storm over withdrawals stands on: a database, an app without patience, and people with money."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import stripe

from randonumber import Config, create_app
from randonumber.database import db
from randonumber.reconciliation.service import reconcile
from tests.payouts.withdrawers import connect, fill
from tests.people import make_key, make_user
from tests.sandbox.driven.connect import COMPLETE
from tests.sandbox.driven.transfers import fund

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

PEOPLE: Final = 6
EACH_MINOR: Final = 20_000_000


class Impatient(Config):
    """Settings with time-outs of a second."""

    @property
    def stripe_timeouts_seconds(self) -> Mapping[str, tuple[int, int]]:
        """Connect and read time-outs."""
        return {"web": (1, 1), "worker": (1, 1)}


@dataclass(frozen=True, kw_only=True)
class Someone:
    """Somebody with money in the wallet and a key that may withdraw it."""

    user_id: int
    key: str


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where the storm is."""

    app: Flask
    stripe: Any
    people: list[Someone]

    @property
    def filled(self) -> int:
        """What stood in all wallets, in cents."""
        return EACH_MINOR * len(self.people)

    def someone(self, number: int) -> Someone:
        """Return who makes request `number`."""
        return self.people[number % len(self.people)]


def lay_the_ground(base: str, *, key_life_seconds: int) -> Ground:
    """Make the app on this Stripe, and people who can withdraw more than the storm will ask for."""
    config = Impatient(
        database_uri=os.environ["TEST_DATABASE"],
        app_secret_key="storm-" * 8,
        stripe_secret_key="sk_test_sandbox",
        stripe_api_base=base,
        stripe_connect_base=base,
        stripe_quiet_seconds=5,
        api_rate_limit="1000000/second",
        withdrawal_minimum_cents=1,
        withdrawals_per_day=1_000_000,
        testing=True,
    )
    app = create_app(config)
    app.config["STRIPE_KEY_LIFE_SECONDS"] = key_life_seconds
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base})
    with app.app_context():
        reconcile()  # the first contact comes before the money
        people = [_someone(client) for _ in range(PEOPLE)]
        for _ in range(PEOPLE + 1):
            fund(_On(v1=client.v1), EACH_MINOR)
        reconcile()
        db.engine.dispose()
    return Ground(app=app, stripe=client, people=people)


def _someone(client: stripe.StripeClient) -> Someone:
    person = make_user()
    connect(person, client.v1.accounts.create(COMPLETE).id)
    fill(person, EACH_MINOR)
    return Someone(user_id=person.id, key=make_key(person, ("read", "withdraw")))


@dataclass(frozen=True, kw_only=True)
class _On:
    v1: Any
