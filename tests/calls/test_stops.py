"""A queue that stands still for a key that Stripe does not accept: what it may hold up, and what lets it go on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from randonumber import calls, clock
from randonumber.calls import Outcome, jobs, stops
from randonumber.calls.jobs import UNKNOWN_IN_A_ROW
from randonumber.database import transaction
from tests.calls.operations import journal, plan_customer, register_customer, register_session, session_params

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox


def test_an_account_that_is_stopped_holds_up_no_other(committed: Flask, sandbox: StripeSandbox) -> None:
    register_customer(committed)
    with transaction() as session:
        stops.stop(session, "acct_1", 403)
    with clock.frozen(clock.now() - timedelta(hours=1)), transaction() as session:
        for number in range(UNKNOWN_IN_A_ROW):
            params = {"email": f"u{number}@example.com"}
            calls.plan(
                session, operation="customer.create", ref=f"usr_{number}", params=params, stripe_account="acct_1"
            )
    with clock.frozen(clock.now() - timedelta(minutes=1)):
        plan_customer(ref="usr_of_the_platform")

    for _ in range(2):
        jobs.drive_all_due()

    assert [row.ref for row in journal() if row.status == "ok"] == ["usr_of_the_platform"]


def test_a_refusal_proves_that_the_key_is_accepted(committed: Flask, sandbox: StripeSandbox) -> None:
    register_customer(committed)
    register_session(committed)
    with clock.frozen(clock.now() - timedelta(minutes=2)), transaction() as session:
        stops.stop(session, None, 401)
    with transaction() as session:
        trial = calls.plan(session, operation="checkout_session.create", ref="pur_1", params=session_params("cus_gone"))

    assert calls.drive(trial) is Outcome.REFUSED
    assert calls.drive(plan_customer()) is Outcome.OK
