"""The only package that speaks to Stripe: our words in, our frozen objects out.

`gateway()` reads and sends. Every call refuses to run inside a transaction. Within a web request it has a web
request's patience, elsewhere the worker's (`Config.stripe_timeouts_seconds`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

from randonumber.stripe_gateway.client import Gateway
from randonumber.stripe_gateway.connect import ConnectedAccount, Grant, Payout, Transfer, TransferReversal
from randonumber.stripe_gateway.errors import (
    StripeDenied,
    StripeKeyReused,
    StripeNotFound,
    StripeRefused,
    StripeUnavailable,
)
from randonumber.stripe_gateway.objects import (
    Account,
    Balance,
    BalanceTransaction,
    Card,
    Charge,
    CheckoutSession,
    Customer,
    Dispute,
    Event,
    PaymentIntent,
    Refund,
    SetupIntent,
    WebhookEndpoint,
)
from randonumber.stripe_gateway.outage import SharedBreaker
from randonumber.stripe_gateway.reading import payment_intent as read_payment_intent
from randonumber.stripe_gateway.reading import refund as read_refund
from randonumber.stripe_gateway.wire import Wire

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "Account",
    "Balance",
    "BalanceTransaction",
    "Card",
    "Charge",
    "CheckoutSession",
    "ConnectedAccount",
    "Customer",
    "Dispute",
    "Event",
    "Gateway",
    "Grant",
    "PaymentIntent",
    "Payout",
    "Refund",
    "SetupIntent",
    "StripeDenied",
    "StripeKeyReused",
    "StripeNotFound",
    "StripeRefused",
    "StripeUnavailable",
    "Transfer",
    "TransferReversal",
    "WebhookEndpoint",
    "gateway",
    "init_app",
    "read_payment_intent",
    "read_refund",
]


def init_app(app: Flask) -> None:
    """Bind a gateway to the app: over the network, or over `app.extensions["stripe_http_client"]` in tests."""
    from randonumber.stripe_gateway import jobs, models  # noqa: F401 - declares the probe and its row

    config = app.extensions["config"]
    app.extensions["stripe_gateway"] = Gateway(
        Wire(
            key=config.stripe_secret_key,
            base=config.stripe_api_base,
            connect_base=config.stripe_connect_base,
            timeouts_seconds=config.stripe_timeouts_seconds,
            web_threads=app.config.get("WEB_THREADS", 4),
            http_client=app.extensions.get("stripe_http_client"),
            web_breaker=SharedBreaker(),
        )
    )


def gateway() -> Gateway:
    """Return the gateway of the current app."""
    return cast("Gateway", current_app.extensions["stripe_gateway"])
