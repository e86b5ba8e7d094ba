from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import deliveries, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

URL = "http://127.0.0.1:9/hook"


def register(sdk: stripe.StripeClient, *events: Any) -> Any:
    return sdk.v1.webhook_endpoints.create({"url": URL, "enabled_events": list(events)})


def test_a_registered_endpoint_gets_what_it_asked_for_signed_with_its_own_secret(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    endpoint = register(sdk, "customer.created")
    customer = sdk.v1.customers.create({})
    sdk.v1.customers.delete(customer.id)
    (sent,) = [one for one in deliveries(sandbox) if one.url == URL]
    event = stripe.Webhook.construct_event(sent.body, sent.headers["Stripe-Signature"], endpoint.secret)
    assert event.type == "customer.created"


def test_the_secret_is_shown_once(sdk: stripe.StripeClient) -> None:
    endpoint = register(sdk, "*")
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in sdk.v1.webhook_endpoints.retrieve(endpoint.id)


def test_a_disabled_or_deleted_endpoint_gets_nothing(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    endpoint = register(sdk, "*")
    changed = sdk.v1.webhook_endpoints.update(endpoint.id, {"disabled": True, "metadata": {"a": "1"}})
    assert changed.status == "disabled"
    sdk.v1.customers.create({})
    assert sdk.v1.webhook_endpoints.delete(endpoint.id).deleted
    sdk.v1.customers.create({})
    assert [one.url for one in deliveries(sandbox) if one.url == URL] == []
    assert sdk.v1.webhook_endpoints.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook endpoint"):
        sdk.v1.webhook_endpoints.retrieve(endpoint.id)


@pytest.mark.parametrize("end", ["delete", "disable"])
def test_what_an_endpoint_did_not_take_ends_with_it(
    sandbox: Flask, sdk: stripe.StripeClient, raw: Callable[..., Any], end: str
) -> None:
    endpoint = register(sdk, "*")
    taken = sdk.v1.customers.create({})
    deliveries(sandbox)
    sdk.v1.customers.create({})
    first, last = (one for one in deliveries(sandbox, acknowledge=False))
    settle(sandbox, first if first.url != URL else last, 200)
    refused = last if last.url == URL else first
    settle(sandbox, refused, 500)
    event = sdk.v1.events.retrieve(refused.event_id)
    assert event.pending_webhooks == 1
    if end == "delete":
        sdk.v1.webhook_endpoints.delete(endpoint.id)
    else:
        sdk.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    settle(sandbox, refused, 500)  # an attempt that was on its way
    assert deliveries(sandbox, within=1000) == []
    assert sdk.v1.events.retrieve(event.id).pending_webhooks == 0
    assert sdk.v1.events.list({"delivery_success": False}).data == []
    earlier = sdk.v1.events.list({"type": "customer.created"}).data[-1]
    assert earlier.data.object["id"] == taken.id
    assert raw("POST", f"/_sandbox/events/{earlier.id}/resend", json={}).json == {"deliveries": 1}
    assert [one.url for one in deliveries(sandbox) if one.url == URL] == []


def test_what_waits_follows_an_endpoint_to_its_new_address(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    endpoint = register(sdk, "*")
    sdk.v1.customers.create({})
    sdk.v1.webhook_endpoints.update(endpoint.id, {"url": "http://127.0.0.1:9/new"})
    assert {one.url for one in deliveries(sandbox)} == {
        "http://127.0.0.1:9/new",
        "http://127.0.0.1:5000/webhooks/stripe",
    }


ELSEWHERE = [
    "ftp://127.0.0.1/", "example.com", "http://", "http://[bad", "https://example.com/hook", "http://127.0.0.1:99999/",
    "http://127.0.0.1/\r\nX: y", "http://127.0.0.1@example.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", ELSEWHERE)
def test_the_sandbox_posts_to_nobody_else(sdk: stripe.StripeClient, url: str) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
