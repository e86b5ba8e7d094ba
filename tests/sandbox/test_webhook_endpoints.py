from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import deliveries

if TYPE_CHECKING:
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


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "example.com", "http://", "http://[bad", "https://example.com/hook"]
)
def test_the_sandbox_posts_to_nobody_else(sdk: stripe.StripeClient, url: str) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
