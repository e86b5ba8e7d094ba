from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import delivery, inprocess
from randonumber.sandbox.inprocess import deliveries
from tests.sandbox.conftest import ENDPOINTS

if TYPE_CHECKING:
    from flask import Flask

SECRET = ENDPOINTS[0].secret


def test_deliveries_are_signed_so_that_the_sdk_accepts_them(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "a@example.com"})
    (sent,) = deliveries(sandbox)
    assert sent.url == ENDPOINTS[0].url, "events of the platform go to the platform's endpoint alone"
    event = stripe.Webhook.construct_event(sent.body, sent.headers["Stripe-Signature"], SECRET)
    assert (event.type, event.data["object"]["id"], event.livemode) == ("customer.created", customer.id, False)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(sent.body, sent.headers["Stripe-Signature"], "whsec_other")


def test_a_signature_keeps_real_time_when_the_clock_is_moved(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    inprocess.advance(sandbox, 30 * 86400)
    sdk.v1.customers.create({})
    (sent,) = deliveries(sandbox)
    event = stripe.Webhook.construct_event(sent.body, sent.headers["Stripe-Signature"], SECRET)
    assert event.created == inprocess.now(sandbox)


def test_what_was_taken_is_not_due_again(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    sdk.v1.customers.create({})
    assert len(deliveries(sandbox, acknowledge=False)) == 1
    assert len(deliveries(sandbox)) == 1
    assert deliveries(sandbox) == []


def test_pending_webhooks_and_delivery_success_tell_what_arrived(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    sdk.v1.customers.create({})
    deliveries(sandbox)
    sdk.v1.customers.create({})
    newest, oldest = sdk.v1.events.list().data
    assert (newest.pending_webhooks, oldest.pending_webhooks) == (1, 0)
    assert [one.id for one in sdk.v1.events.list({"delivery_success": False}).data] == [newest.id]
    assert [one.id for one in sdk.v1.events.list({"delivery_success": True}).data] == [oldest.id]


def test_a_refused_delivery_is_due_again_after_a_second(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    sdk.v1.customers.create({})
    (sent,) = deliveries(sandbox, acknowledge=False)
    inprocess.settle(sandbox, sent, 500)
    assert deliveries(sandbox, acknowledge=False) == []
    (again,) = deliveries(sandbox, within=1.5, acknowledge=False)
    assert again.id == sent.id
    inprocess.settle(sandbox, again, None)
    assert deliveries(sandbox, within=1.5, acknowledge=False) == []
    assert len(deliveries(sandbox, within=2.5)) == 1
    assert sdk.v1.events.list().data[0].pending_webhooks == 0


def test_waits_double_up_to_five_minutes() -> None:
    assert [delivery.wait_seconds(tries) for tries in (1, 2, 3, 9, 10, 500)] == [1, 2, 4, 256, 300, 300]


def test_a_delivery_is_given_up_after_three_days(
    sandbox: Flask, sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk.v1.customers.create({})
    (sent,) = deliveries(sandbox, acknowledge=False)
    monkeypatch.setattr(delivery, "GIVE_UP_SECONDS", -1)
    inprocess.settle(sandbox, sent, 500)
    assert deliveries(sandbox, within=1e9) == []
    assert sdk.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1


def test_events_are_listed_by_type_and_time(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({})
    moment = inprocess.advance(sandbox, 100)
    sdk.v1.customers.update(customer.id, {"name": "x"})
    sdk.v1.customers.delete(customer.id)

    def found(**params: Any) -> list[str]:
        return [str(event.type) for event in sdk.v1.events.list(params).data]  # type: ignore[arg-type]

    assert found(type="customer.updated") == ["customer.updated"]
    assert found(types=["customer.created", "customer.deleted"]) == ["customer.deleted", "customer.created"]
    assert found(created={"gte": moment}) == ["customer.deleted", "customer.updated"]
    assert found(type="customer.*") == ["customer.deleted", "customer.updated", "customer.created"]
    assert found(type="charge.*") == []
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these parameters: type, types"):
        found(type="a", types=["b"])


def test_events_are_listed_for_thirty_days(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    sdk.v1.customers.create({})
    inprocess.advance(sandbox, 31 * 86400)
    assert sdk.v1.events.list().data == []
    assert sdk.v1.events.list({"created": {"lte": inprocess.now(sandbox)}}).data == []


def test_an_event_shows_its_object_as_it_was(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"name": "before"})
    sdk.v1.customers.update(customer.id, {"name": "after"})
    event = sdk.v1.events.list({"type": "customer.created"}).data[0]
    assert sdk.v1.events.retrieve(event.id).data["object"]["name"] == "before"


@pytest.mark.parametrize(("fault", "expected"), [("duplicate", 2), ("lose", 0), ("delay", 0)])
def test_event_faults_bend_the_delivery(sandbox: Flask, sdk: stripe.StripeClient, fault: str, expected: int) -> None:
    inprocess.add_fault(sandbox, "customer.created", fault, seconds=30)
    sdk.v1.customers.create({})
    assert len(deliveries(sandbox)) == expected
    assert len(deliveries(sandbox, within=31)) == (1 if fault == "delay" else 0)
    left = 1 if fault == "lose" else 0
    assert sdk.v1.events.list().data[0].pending_webhooks == left, "a lost event is found by delivery_success=false"


def test_shuffled_events_come_in_another_order_and_the_same_for_a_seed(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    orders = []
    for _ in range(2):
        inprocess.reset(sandbox)
        inprocess.add_fault(sandbox, "*", "shuffle", times=20, seconds=1000, seed=7)
        for number in range(10):
            sdk.v1.customers.create({"name": str(number)})
        sent = deliveries(sandbox, within=1001)
        orders.append([json.loads(one.body)["data"]["object"]["name"] for one in sent])
    assert sorted(orders[0]) == [str(number) for number in range(10)]
    assert orders[0] != sorted(orders[0])
    assert orders[0] == orders[1]
