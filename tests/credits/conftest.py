"""A buyer, and what buying takes, for the tests of this package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from randonumber import hooks
from randonumber.credits import service
from randonumber.credits.models import Purchase
from randonumber.credits.service import Order, Started
from randonumber.database import transaction
from randonumber.ledger import queries
from tests.people import Person, make_user

if TYPE_CHECKING:
    from flask import Flask

    from tests.credits.refunding import Shop
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

FREE_CREDITS = 3


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Somebody who buys, through the services."""

    person: Person

    def start(self, quantity: int = 10, form_ref: str = "form-0001", pack: int | None = None) -> Started:
        buyer = hooks.Person(user_id=self.person.id, ref=self.person.ref, email=self.person.email)
        return service.start_purchase(
            buyer, Order(quantity=quantity, form_ref=form_ref, pack=pack), network="10.0.0.0/24"
        )

    @property
    def credits(self) -> int:
        with transaction() as session:
            return queries.credits_left(session, self.person.id)


@pytest.fixture
def buyer(committed: Flask) -> Buyer:
    """Somebody with the free credits of a new account and nothing else."""
    return Buyer(person=make_user())


def stored(ref: str) -> Purchase:
    with transaction() as session:
        return session.execute(select(Purchase).where(Purchase.ref == ref)).scalar_one()


def count(table: str, where: str = "true", **parameters: Any) -> int:
    with transaction() as session:
        found: int = session.execute(text(f"SELECT count(*) FROM {table} WHERE {where}"), parameters).scalar_one()  # noqa: S608 - the test's own words
        return found


def house(code: str) -> int:
    """What stands on a house account."""
    with transaction() as session:
        found: int = session.execute(
            text("""
                SELECT coalesce(sum(CASE WHEN destination_id = accounts.id THEN amount ELSE -amount END), 0)
                  FROM accounts LEFT JOIN entries ON accounts.id IN (source_id, destination_id)
                 WHERE code = :code
            """),
            {"code": code},
        ).scalar_one()
        return int(found)


@pytest.fixture
def shop(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs) -> Shop:
    """What may happen to the purchases of a buyer without free credits."""
    from tests.credits.refunding import Shop, without_credits

    without_credits(buyer.person)
    return Shop(buyer=buyer, sandbox=sandbox, deliver=deliver_webhooks, run=run_jobs)
