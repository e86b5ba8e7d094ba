"""Purchases over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.credits.service import Order, start_purchase
from randonumber.hooks import Person as Buyer
from tests import drawing, people

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


def test_a_purchase_is_listed_and_shown_and_becomes_paid(
    client: FlaskClient, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    person = drawing.buyer(0)
    started = start_purchase(
        Buyer(user_id=person.id, ref=person.ref, email=person.email),
        Order(quantity=10, form_ref="form-0001"),
        network="10.0.0.0/24",
    )
    key = people.bearer(people.make_key(person))
    pending = client.get(f"/api/v1/purchases/{started.ref}", headers=key).get_json()
    assert pending["created_at"]
    del pending["created_at"]
    assert pending == {
        "purchase": started.ref,
        "status": "pending",
        "credits": 10,
        "amount": 900,
        "currency": "usd",
        "refundable_amount": 0,
        "paid_at": None,
    }
    assert started.url
    sandbox.pay(started.url)
    deliver_webhooks()
    listed = client.get("/api/v1/purchases", headers=key).get_json()
    assert [(row["purchase"], row["status"]) for row in listed["data"]] == [(started.ref, "paid")]
    assert listed["next_cursor"] is None
    stranger = people.bearer(people.make_key(drawing.buyer(0)))
    assert client.get(f"/api/v1/purchases/{started.ref}", headers=stranger).status_code == 404
    assert client.get("/api/v1/purchases", headers=stranger).get_json()["data"] == []


@pytest.mark.parametrize("ref", ["pur_none", "%00", "'", "x" * 3_000])
def test_no_ref_breaks_anything(client: FlaskClient, ref: str) -> None:
    key = people.bearer(people.make_key(drawing.buyer(0)))
    assert client.get(f"/api/v1/purchases/{ref}", headers=key).status_code == 404
    assert client.get(f"/api/v1/purchases?cursor={ref}", headers=key).status_code == 400
