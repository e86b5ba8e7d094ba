"""What a storm over withdrawals stands on: a database, an app without patience, and people with money."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import stripe
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from randonumber import Config, create_app
from randonumber.config import ROOT
from randonumber.database import db
from randonumber.embedded import LocalPostgres
from randonumber.reconciliation.service import reconcile
from tests.payouts.withdrawers import connect, fill
from tests.people import make_key, make_user
from tests.sandbox.driven.connect import COMPLETE
from tests.sandbox.driven.transfers import fund

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


@contextmanager
def storm_database() -> Iterator[str]:
    """Yield the address of an empty database: that of TEST_DATABASE, or one that is gone afterwards."""
    if given := os.environ.get("TEST_DATABASE"):
        yield given
        return
    server = LocalPostgres(ROOT / "instance" / "test-postgres", durable=False)
    server.start()
    admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    name = f"rn_storm_{os.getpid()}"
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield make_url(server.url("postgres")).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


def lay_the_ground(database: str, base: str, *, key_life_seconds: int) -> Ground:
    """Make the app on this database and this Stripe, and people who can withdraw more than the storm will ask for."""
    os.environ["TEST_DATABASE"] = database
    config = Impatient(
        database_uri=database,
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
        upgrade()
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
