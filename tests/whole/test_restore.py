"""F70: a database an hour old meets a Stripe that is an hour ahead. Nothing is paid twice, and nothing stays hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.credits import service as credits_service
from randonumber.credits.service import refunds
from randonumber.database import db, transaction
from randonumber.hooks import Person
from randonumber.ledger import alarms, checks
from randonumber.payouts.models import Withdrawal
from randonumber.payouts.service.withdrawals.reasons import NotWithdrawable
from randonumber.payouts.service.withdrawals.requesting import Asker, hold, send
from randonumber.reconciliation.service import Report, reconcile, sync_mirror
from randonumber.wallet import service as wallet_service
from tests.payouts.withdrawers import CREATE, Withdrawer, count, make_withdrawer
from tests.payouts.withdrawers import stored as stored_withdrawal
from tests.whole.backup import Backups, backups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

AT_ONCE = "4000000000000077"
NETWORK = "10.0.0.0/24"


@pytest.fixture
def backup(committed: Flask) -> Iterator[Backups]:
    yield from backups(committed)


@dataclass(frozen=True, kw_only=True)
class Life:
    """One user of the whole shop, and the operator."""

    app: Flask
    withdrawer: Withdrawer
    sandbox: StripeSandbox
    run: RunJobs
    deliver: DeliverWebhooks

    @property
    def user(self) -> Person:
        person = self.withdrawer.person
        return Person(user_id=person.id, ref=person.ref, email=person.email)

    def start_purchase(self, form_ref: str) -> tuple[str, str]:
        """Order ten credits; return the purchase, and where it is paid."""
        order = credits_service.Order(quantity=10, form_ref=form_ref, pack=None)
        started = credits_service.start_purchase(self.user, order, network=NETWORK)
        return started.ref, str(started.url)

    def start_topup(self, form_ref: str) -> tuple[str, str]:
        """Order a top-up of 30.00; return it, and where it is paid."""
        order = wallet_service.Order(amount_minor=3000, form_ref=form_ref, card_id=None)
        started = wallet_service.start_topup(self.user, order, network=NETWORK)
        return started.ref, str(started.url)

    def hold(self, form_ref: str, amount: int = 1000) -> str:
        """Set money aside for a withdrawal whose transfer has not gone out yet."""
        person = self.withdrawer.person
        asker = Asker(user_id=person.id, actor=f"user:{person.ref}", is_fresh=True)
        with transaction() as session:
            return hold(session, asker, amount, look=None, form_ref=form_ref).ref

    def command(self, *words: str) -> Any:
        """Run a command, which must succeed."""
        result = self.app.test_cli_runner().invoke(args=list(words))
        assert result.exit_code == 0, result.output
        return result.output

    def status(self, table: str, ref: str) -> str:
        with transaction() as session:
            query = text(f"SELECT status FROM {table} WHERE ref = :ref")  # noqa: S608 - the test's own words
            return str(session.execute(query, {"ref": ref}).scalar_one())

    def settle_down(self) -> Report:
        """Do what an operator does after a restore, and let the worker do its part."""
        self.command("stripe", "sync")
        self.run(early=True)
        self.deliver()
        report = reconcile()
        assert report.agrees, report
        assert report.difference == 0
        return report


@pytest.fixture
def life(committed: Flask, sandbox: StripeSandbox, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks) -> Life:
    withdrawer = make_withdrawer(sandbox, deliver_webhooks, run_jobs, 5000)
    for txn in unmatched(sync=True):
        resolve(committed, txn, "opening")
    return Life(app=committed, withdrawer=withdrawer, sandbox=sandbox, run=run_jobs, deliver=deliver_webhooks)


def unmatched(*, sync: bool = False) -> list[str]:
    if sync:
        sync_mirror()
    with transaction() as session:
        query = text("SELECT id FROM balance_transactions WHERE unmatched_id IS NOT NULL AND resolution_id IS NULL")
        return list(session.scalars(query))


def resolve(app: Flask, txn: str, kind: str, *more: str) -> None:
    words = ["stripe", "resolve", txn, "--as", kind, "--reason", "made after the backup", *more]
    result = app.test_cli_runner().invoke(args=words)
    assert result.exit_code == 0, result.output


def broken() -> list[str]:
    with transaction() as session:
        return [result.id for result in checks.run(session, prefix="A") if not result.holds]


def test_what_was_begun_before_the_backup_is_brought_level(life: Life, backup: Backups) -> None:
    bought, _ = first = life.start_purchase("form-bought")
    assert life.sandbox.pay(first[1]) is not None
    life.deliver()
    purchase, purchase_url = life.start_purchase("form-pending")
    topup, topup_url = life.start_topup("form-topup")
    held = life.hold("form-held")
    backup.take()

    assert life.sandbox.pay(purchase_url) is not None
    assert life.sandbox.pay(topup_url, card=AT_ONCE) is not None
    send(held)
    refunds.refund_for_operator(bought, 450, reason="asked for", actor="operator:ann", is_dry_run=False)
    life.deliver()
    life.run(early=True)
    assert stored_withdrawal(held).status == "paid"
    [transfer] = life.withdrawer.transfers()
    backup.restore()

    assert (life.status("purchases", purchase), stored_withdrawal(held).status) == ("pending", "held")
    report = life.settle_down()
    assert report.unmatched == 0
    assert life.status("purchases", purchase) == "paid"
    assert life.status("purchases", bought) == "partly_refunded"
    assert life.status("topups", topup) == "available"
    assert (stored_withdrawal(held).status, stored_withdrawal(held).transfer_id) == ("paid", transfer.id)
    assert len(life.withdrawer.transfers()) == 1
    assert broken() == []


def test_a_transfer_whose_key_has_aged_out_is_found_and_not_sent_again(life: Life, backup: Backups) -> None:
    held = life.hold("form-held")
    backup.take()
    life.sandbox.fault(CREATE, "key_ttl", seconds=0)
    send(held)
    assert stored_withdrawal(held).status == "paid"
    backup.restore()

    with db.engine.begin() as connection:
        connection.execute(
            text("UPDATE stripe_calls SET planned_at = :then"), {"then": clock.now() - timedelta(days=2)}
        )
    life.run(early=True)
    assert len(life.withdrawer.transfers()) == 1
    assert stored_withdrawal(held).transfer_id == life.withdrawer.transfers()[0].id
    assert life.settle_down().unmatched == 0


def test_a_young_key_replays_the_transfer(life: Life, backup: Backups) -> None:
    held = life.hold("form-held")
    backup.take()
    send(held)
    backup.restore()
    life.run(early=True)
    assert len(life.withdrawer.transfers()) == 1
    assert stored_withdrawal(held).status == "paid"
    life.settle_down()


@pytest.mark.broken_books
def test_what_was_begun_after_the_backup_is_found_named_and_put_where_it_belongs(life: Life, backup: Backups) -> None:
    person = life.withdrawer.person
    backup.take()
    purchase, purchase_url = life.start_purchase("form-lost")
    assert life.sandbox.pay(purchase_url) is not None
    topup, topup_url = life.start_topup("form-lost-too")
    assert life.sandbox.pay(topup_url, card=AT_ONCE) is not None
    lost = life.withdrawer.withdraw(2000, form_ref="form-lost-as-well")
    life.deliver()
    assert count("withdrawals", "status = 'paid'") == 1
    backup.restore()
    assert count("withdrawals") == 0

    report = life.settle_down()
    assert sorted((row.type, row.amount_minor) for row in report.unmatched_rows) == [
        ("charge", 900),
        ("charge", 3000),
        ("transfer", -2000),
    ]
    assert len(life.withdrawer.transfers()) == 1
    assert "A11" in broken()
    life.app.test_cli_runner().invoke(args=["ledger", "check"])
    with pytest.raises(NotWithdrawable, match="check our books"):
        life.withdrawer.withdraw(4000, form_ref="form-too-soon")

    for row in report.unmatched_rows:
        shown = life.command("stripe", "show", row.id)
        assert person.ref in shown, "who it may belong to"
        assert any(ref in shown for ref in (purchase, topup, lost)), "and what it was"
        resolve(
            life.app, row.id, "sales" if row.amount_minor == 900 else "wallet", *whose(row.amount_minor, person.ref)
        )
    life.command("ledger", "check")
    assert (broken(), unmatched()) == ([], [])
    assert life.withdrawer.left == 5000 + 3000 - 2000
    with transaction() as session:
        assert alarms.standing(session) == []
        assert session.query(Withdrawal).count() == 0
    assert life.withdrawer.withdraw(4000, form_ref="form-in-time")
    assert life.settle_down().unmatched == 0
    assert life.withdrawer.received() == 6000


def whose(amount: int, ref: str) -> tuple[str, ...]:
    return () if amount == 900 else ("--user", ref)
