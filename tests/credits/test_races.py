"""Two at once, step by step: one holds its transaction open while the other comes, waits, and then sees the truth."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from randonumber import ledger
from randonumber.credits import service
from randonumber.credits.models import Purchase, PurchaseStatus
from randonumber.credits.service import Completed, Payment, opening, sessions
from randonumber.database import db, transaction
from randonumber.errors import InsufficientCredits
from randonumber.ledger import Move, accounts
from tests.credits.conftest import FREE_CREDITS, count, stored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.calls import Call
    from randonumber.credits.service import Started
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import StripeSandbox


def payment_of(ref: str) -> Payment:
    purchase = stored(ref)
    return Payment(
        payment_id="ch_test_1",
        payment_intent_id="pi_test_1",
        payer_id="cus_test_1",
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        receipt_url=None,
        card_brand="visa",
        card_last4="4242",
        paid_at=purchase.created_at,
    )


def wait_until_somebody_waits() -> None:
    """Poll until a session of this database waits for a lock of another."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 10
    while True:
        with db.engine.connect() as connection:
            if connection.execute(query).scalar_one():
                return
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)


@pytest.mark.pain(3)
def test_who_comes_while_a_purchase_is_booked_waits_and_finds_it_done(
    buyer: Buyer, sandbox: StripeSandbox, committed: Flask
) -> None:
    ref = buyer.start().ref
    brought = payment_of(ref)

    def complete() -> Completed:
        with committed.app_context(), transaction() as session:
            return service.complete_purchase(session, ref, brought, actor="second")

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            assert service.complete_purchase(session, ref, brought, actor="first") == Completed.BOOKED
            second = thread.submit(complete)
            wait_until_somebody_waits()
        assert second.result() == Completed.ALREADY
    assert buyer.credits == FREE_CREDITS + 10
    assert count("accounts", "lot_source = 'purchase'") == 1
    assert count("mail_messages", "template = 'receipt'") == 1


def test_what_was_read_before_the_lock_is_not_believed(buyer: Buyer, sandbox: StripeSandbox, committed: Flask) -> None:
    ref = buyer.start().ref
    brought = payment_of(ref)

    def complete() -> None:
        with committed.app_context(), transaction() as session:
            service.complete_purchase(session, ref, brought, actor="first")

    with transaction() as session:
        seen = session.execute(select(Purchase).where(Purchase.ref == ref)).scalar_one()
        assert seen.status == PurchaseStatus.PENDING
        with ThreadPoolExecutor(1) as thread:
            thread.submit(complete).result()
        assert service.complete_purchase(session, ref, brought, actor="second") == Completed.ALREADY
        service.expire_purchase(session, ref)
    assert stored(ref).status == PurchaseStatus.PAID


def test_a_payment_that_comes_while_the_purchase_expires_still_wins(
    buyer: Buyer, sandbox: StripeSandbox, committed: Flask
) -> None:
    ref = buyer.start().ref
    brought = payment_of(ref)

    def complete() -> Completed:
        with committed.app_context(), transaction() as session:
            return service.complete_purchase(session, ref, brought, actor="event")

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            service.expire_purchase(session, ref)
            session.flush()
            second = thread.submit(complete)
            wait_until_somebody_waits()
        assert second.result() == Completed.BOOKED
    assert stored(ref).status == PurchaseStatus.PAID


def test_credits_that_are_gone_meanwhile_are_not_revoked(buyer: Buyer, committed: Flask) -> None:
    def revoke() -> None:
        with committed.app_context(), transaction() as session:
            service.revoke(session, user_id=buyer.person.id, credits_=1, reason="x", actor="test")

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            lot = session.execute(text("SELECT code FROM accounts WHERE kind = 'lot'")).scalar_one()
            gone = Move(source=lot, destination=accounts.CREDITS_EXPIRED, amount=FREE_CREDITS)
            ledger.post(session, kind="expiry", ref="lot_first", entries=[gone], actor="test", user_id=buyer.person.id)
            second = thread.submit(revoke)
            wait_until_somebody_waits()
        with pytest.raises(InsufficientCredits):
            second.result()
    assert buyer.credits == 0


def test_two_clicks_that_replace_the_same_order_do_not_lock_each_other_out(
    buyer: Buyer, sandbox: StripeSandbox, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = buyer.start(10)
    operations = committed.extensions["stripe_operations"]
    clicks: list[Future[Started]] = []

    def click() -> Started:
        with committed.app_context():
            return buyer.start(20)

    with ThreadPoolExecutor(1) as thread:

        def settle(session: Session, call: Call, result: Mapping[str, Any]) -> None:
            clicks.append(thread.submit(click))
            wait_until_somebody_waits()
            opening.settle_closing(session, call, result)

        name = (sessions.EXPIRE, "")
        monkeypatch.setitem(operations, name, replace(operations[name], settled=settle))
        started = buyer.start(20)
    [second] = clicks
    assert second.result().ref == started.ref != first.ref
    assert count("purchases") == 2
