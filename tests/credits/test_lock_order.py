"""A call that is being closed waits for the purchase; nobody who holds the purchase may wait for that call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from randonumber import calls
from randonumber.credits.service import intents
from randonumber.credits.service.sessions import lock_purchase
from randonumber.database import transaction
from tests.credits.conftest import count, stored
from tests.credits.on_page import Page
from tests.credits.test_races import wait_until_somebody_waits

if TYPE_CHECKING:
    from flask import Flask

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import StripeSandbox


def test_a_cancelling_that_is_planned_while_one_is_being_closed_waits_for_nobody(
    buyer: Buyer, sandbox: StripeSandbox, committed: Flask
) -> None:
    """The journal's row is locked before the purchase, so who holds the purchase must not wait for the row."""
    ref = Page(person=buyer.person, sandbox=sandbox).press().ref
    with transaction() as session:
        call_id = intents.plan_cancelling(session, lock_purchase(session, ref))

    def close() -> calls.Outcome:
        with committed.app_context():
            return calls.drive(call_id)

    with ThreadPoolExecutor(1) as thread:
        with transaction() as session:
            purchase = lock_purchase(session, ref)
            closing = thread.submit(close)
            wait_until_somebody_waits()
            assert intents.plan_cancelling(session, purchase) == call_id
        assert closing.result() is calls.Outcome.OK
    assert stored(ref).status == "expired"
    assert count("stripe_calls", "operation = :name", name=intents.CANCEL) == 1
