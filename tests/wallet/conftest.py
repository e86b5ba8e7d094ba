"""Somebody with a wallet, and what may happen to top-ups, for the tests of this package."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from randonumber import hooks
from randonumber.database import transaction
from randonumber.ledger import queries
from randonumber.reconciliation.service import reconcile
from randonumber.wallet import service
from randonumber.wallet.models import Topup, TopupReversal
from randonumber.wallet.service import Order, Started
from tests.credits.bank import Bank
from tests.credits.conftest import Buyer, house
from tests.credits.saving import Saver
from tests.people import Person, make_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from randonumber.credits.models import Card
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

VISA = "4242424242424242"
AT_ONCE = "4000000000000077"
TWO_DAYS = 2 * 24 * 3600 + 60
NETWORK = "10.0.0.0/24"


@dataclass(frozen=True, kw_only=True)
class Purse:
    """One person's wallet at the app, and everybody else who acts on its money."""

    person: Person
    sandbox: StripeSandbox
    deliver: DeliverWebhooks
    run: RunJobs
    bank: Bank

    @property
    def owner(self) -> hooks.Person:
        return hooks.Person(user_id=self.person.id, ref=self.person.ref, email=self.person.email)

    def start(self, amount: int = 5_000, form_ref: str | None = None, card: Card | None = None) -> Started:
        """Send the form."""
        ref = form_ref or secrets.token_urlsafe(12)
        order = Order(amount_minor=amount, form_ref=ref, card_id=card.id if card else None)
        return service.start_topup(self.owner, order, network=NETWORK)

    def top_up(self, amount: int = 5_000, *, card: str = VISA, deliver: bool = True) -> str:
        """Pay a top-up on the hosted page; return its ref."""
        started = self.start(amount)
        assert started.url is not None
        assert self.sandbox.pay(started.url, card=card) is not None
        if deliver:
            self.deliver()
            assert stored(started.ref).status in {"paid", "available"}
        return started.ref

    def arrives(self) -> None:
        """Let Stripe have the funds of what was paid, and tell."""
        self.sandbox.advance(TWO_DAYS)
        self.deliver()

    def save(self, number: str = VISA) -> Card:
        """Save a card."""
        return Saver(buyer=Buyer(person=self.person), sandbox=self.sandbox).save(number)

    def refund(self, ref: str, amount: int) -> str:
        """Refund a part in Stripe's dashboard; return the refund's id."""
        return self.bank.refunds(stored(ref).payment_id or "", amount)

    def dispute(self, ref: str, **more: Any) -> str:
        """Let the bank take a payment back; return the dispute's id."""
        return self.bank.disputes(stored(ref).payment_id or "", **more)

    @property
    def stands(self) -> tuple[int, int, int]:
        """What is available, pending and owed, in cents."""
        with transaction() as session:
            found = queries.wallet_balances(session, self.person.id)
        return found.available, found.pending, found.debt_usd

    def spend(self, amount: int) -> None:
        """Let money leave the wallet."""
        from randonumber import ledger
        from randonumber.ledger import Move, accounts

        move = Move(source=accounts.wallet(self.person.id), destination=accounts.SALES, amount=amount)
        with transaction() as session:
            ledger.post(
                session,
                kind="test",
                ref=secrets.token_hex(8),
                entries=[move],
                actor="test",
                user_id=self.person.id,
            )


@pytest.fixture
def purse(committed: Flask, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs) -> Purse:
    """Somebody with an empty wallet."""
    return Purse(
        person=make_user(), sandbox=sandbox, deliver=deliver_webhooks, run=run_jobs, bank=Bank(sandbox=sandbox)
    )


def stored(ref: str) -> Topup:
    with transaction() as session:
        return session.execute(select(Topup).where(Topup.ref == ref)).scalar_one()


def reversals(ref: str) -> Sequence[TopupReversal]:
    """The refunds and disputes of a top-up, oldest first."""
    with transaction() as session:
        query = select(TopupReversal).where(TopupReversal.topup_id == stored_id(session, ref))
        return session.scalars(query.order_by(TopupReversal.id)).all()


def stored_id(session: Any, ref: str) -> int:
    found: int = session.execute(select(Topup.id).where(Topup.ref == ref)).scalar_one()
    return found


def postings(*kinds: str) -> list[tuple[str, str]]:
    """The transactions of these kinds, in order."""
    with transaction() as session:
        query = text("SELECT kind, ref FROM transactions WHERE kind = ANY (:kinds) ORDER BY id")
        return [(row.kind, row.ref) for row in session.execute(query, {"kinds": list(kinds)})]


def mails(*templates: str) -> int:
    """How many mails of these templates are queued or sent."""
    with transaction() as session:
        query = text("SELECT count(*) FROM mail_messages WHERE template = ANY (:templates)")
        found: int = session.execute(query, {"templates": list(templates)}).scalar_one()
        return found


def agreed(*, unmatched: int = 0) -> None:
    """Stripe's book and ours agree to the cent."""
    report = reconcile()
    assert (report.agrees, report.difference, report.in_flight, house("unmatched")) == (True, 0, 0, unmatched), report
