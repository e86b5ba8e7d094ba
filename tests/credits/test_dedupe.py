"""What was done is known by the purchase and its payment, never by the id of an event (docs/pains.md, 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.credits.jobs import sweep_all
from randonumber.credits.models import PurchaseStatus
from randonumber.database import transaction
from randonumber.sandbox import inprocess
from tests.credits.conftest import FREE_CREDITS, Buyer, count, stored
from tests.inbox.signing import sign

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


@pytest.mark.pain(2)
def test_an_event_that_the_other_endpoint_saw_first_loses_no_purchase(
    buyer: Buyer, sandbox: StripeSandbox, client: FlaskClient, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks
) -> None:
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url)
    for one in inprocess.deliveries(sandbox.app, within=0, acknowledge=False):
        body = one.body if isinstance(one.body, bytes) else one.body.encode()
        signed = sign(body, secret="whsec_sandbox_connect")
        answer = client.post("/webhooks/stripe/connect", data=body, headers={"Stripe-Signature": signed})
        assert answer.status_code == 200
    run_jobs()
    deliver_webhooks()
    assert stored(started.ref).status == PurchaseStatus.PAID
    assert buyer.credits == FREE_CREDITS + 10
    assert count("transactions", "kind = 'purchase'") == 1


@pytest.mark.pain(2)
def test_events_that_are_marked_done_do_not_stand_for_the_purchase(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url)
    deliver_webhooks(run=False)
    with transaction() as session:
        session.execute(text("UPDATE inbox_events SET status = 'done', due_at = NULL, closed_at = now()"))
    run_jobs()
    sweep_all()
    assert buyer.credits == FREE_CREDITS + 10
    assert count("transactions", "kind = 'purchase'") == 1
