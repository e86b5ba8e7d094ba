"""A strict sandbox in memory for each test, and the official SDK on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import Endpoint, create_sandbox
from randonumber.sandbox.inprocess import SandboxHTTPClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.test import TestResponse

BASE = "http://127.0.0.1:5001"
ENDPOINTS = (
    Endpoint("http://127.0.0.1:5000/webhooks/stripe", "whsec_sandbox", connect=False),
    Endpoint("http://127.0.0.1:5000/webhooks/stripe/connect", "whsec_sandbox_connect", connect=True),
)


@pytest.fixture
def sandbox() -> Flask:
    return create_sandbox(strict=True, endpoints=ENDPOINTS)


@pytest.fixture
def sdk(sandbox: Flask) -> stripe.StripeClient:
    return make_sdk(sandbox)


def make_sdk(sandbox: Flask, key: str = "sk_test_one", **options: Any) -> stripe.StripeClient:
    """The official SDK without retries, on a sandbox in process."""
    client = SandboxHTTPClient(sandbox, **options)
    return stripe.StripeClient(key, http_client=client, max_network_retries=0)


@pytest.fixture
def raw(sandbox: Flask) -> Callable[..., TestResponse]:
    """A request as it goes over the wire, with a good key unless told otherwise."""

    def send(method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": "Bearer sk_test_one"} | options.pop("headers", {})
        kept = {name: value for name, value in headers.items() if value is not None}
        return sandbox.test_client().open(path, method=method, headers=kept, base_url=BASE, buffered=True, **options)

    return send


@pytest.fixture
def page(sandbox: Flask) -> Callable[..., TestResponse]:
    """A browser's request for a page of the sandbox."""

    def send(path: str, form: dict[str, str] | None = None, **options: Any) -> TestResponse:
        client = sandbox.test_client()
        if form is None:
            return client.get(path, base_url=BASE, **options)
        return client.post(path, data=form, base_url=BASE, **options)

    return send


SESSION: dict[str, Any] = {
    "mode": "payment",
    "line_items": [
        {"price_data": {"currency": "usd", "product_data": {"name": "10 credits"}, "unit_amount": 90}, "quantity": 10}
    ],
    "success_url": "http://127.0.0.1:5000/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://127.0.0.1:5000/cancelled",
    "client_reference_id": "pur_1",
    "payment_intent_data": {"metadata": {"purchase_ref": "pur_1"}},
}


@pytest.fixture
def session(sdk: stripe.StripeClient) -> Any:
    """An open Checkout Session over 9.00."""
    return sdk.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]


def stripe_objects() -> dict[str, Any]:
    """Stripe's own example of each object."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "stripe_objects.json").read_text())["resources"]
    return found


def types(sdk: stripe.StripeClient) -> list[str]:
    """The types of all events, oldest first."""
    return [str(event.type) for event in sdk.v1.events.list({"limit": 100}).data][::-1]
