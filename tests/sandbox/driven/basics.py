"""Customers, payments, Checkout, the balance, events and webhook endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.conftest import SESSION
from tests.sandbox.driven.drive import HOOK, RETURN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.driven.drive import Drive

OPERATIONS: dict[str, Callable[[Drive], Any]] = {
    "GET /v1/balance": lambda on: on.v1.balance.retrieve(),
    "GET /v1/balance_transactions": lambda on: on.v1.balance_transactions.list(),
    "GET /v1/balance_transactions/{id}": lambda on: on.v1.balance_transactions.retrieve(
        str(on.charge.balance_transaction)
    ),
    "GET /v1/charges": lambda on: on.v1.charges.list({"payment_intent": str(on.charge.payment_intent)}),
    "GET /v1/charges/{charge}": lambda on: on.v1.charges.retrieve(on.charge.id),
    "POST /v1/charges/{charge}": lambda on: on.v1.charges.update(on.charge.id, {"metadata": {"a": "1"}}),
    "GET /v1/checkout/sessions": lambda on: on.v1.checkout.sessions.list(),
    "POST /v1/checkout/sessions": lambda on: on.v1.checkout.sessions.create(SESSION),  # type: ignore[arg-type]
    "GET /v1/checkout/sessions/{session}": lambda on: on.v1.checkout.sessions.retrieve(on.session.id),
    "POST /v1/checkout/sessions/{session}": lambda on: on.v1.checkout.sessions.update(
        on.session.id, {"metadata": {"a": "1"}}
    ),
    "POST /v1/checkout/sessions/{session}/expire": lambda on: on.v1.checkout.sessions.expire(on.open_session()),
    "GET /v1/checkout/sessions/{session}/line_items": lambda on: on.v1.checkout.sessions.line_items.list(on.session.id),
    "GET /v1/customers": lambda on: on.v1.customers.list({"email": "a@example.com"}),
    "POST /v1/customers": lambda on: on.v1.customers.create({}),
    "GET /v1/customers/{customer}": lambda on: on.v1.customers.retrieve(on.customer.id),
    "POST /v1/customers/{customer}": lambda on: on.v1.customers.update(on.customer.id, {"name": "Ann"}),
    "DELETE /v1/customers/{customer}": lambda on: on.v1.customers.delete(on.customer.id),
    "GET /v1/events": lambda on: on.v1.events.list(),
    "GET /v1/events/{id}": lambda on: on.v1.events.retrieve(on.v1.events.list().data[0].id),
    "GET /v1/payment_intents": lambda on: on.v1.payment_intents.list(),
    "POST /v1/payment_intents": lambda on: on.v1.payment_intents.create({"amount": 900, "currency": "usd"}),
    "GET /v1/payment_intents/{intent}": lambda on: on.v1.payment_intents.retrieve(on.intent.id),
    "POST /v1/payment_intents/{intent}": lambda on: on.v1.payment_intents.update(on.intent.id, {"amount": 950}),
    "POST /v1/payment_intents/{intent}/cancel": lambda on: on.v1.payment_intents.cancel(on.intent.id),
    "POST /v1/payment_intents/{intent}/confirm": lambda on: on.v1.payment_intents.confirm(
        on.intent.id, {"payment_method": "pm_card_visa", "return_url": RETURN}
    ),
    "GET /v1/payment_methods/{payment_method}": lambda on: on.v1.payment_methods.retrieve(
        str(on.charge.payment_method)
    ),
    "GET /v1/webhook_endpoints": lambda on: on.v1.webhook_endpoints.list(),
    "POST /v1/webhook_endpoints": lambda on: on.v1.webhook_endpoints.create(HOOK),
    "GET /v1/webhook_endpoints/{webhook_endpoint}": lambda on: on.v1.webhook_endpoints.retrieve(on.hook.id),
    "POST /v1/webhook_endpoints/{webhook_endpoint}": lambda on: on.v1.webhook_endpoints.update(
        on.hook.id, {"description": "x"}
    ),
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": lambda on: on.v1.webhook_endpoints.delete(on.hook.id),
}
ADDRESSES: dict[str, Callable[[Drive], dict[str, str]]] = {
    "/v1/balance_transactions/{id}": lambda on: {"id": str(on.charge.balance_transaction)},
    "/v1/charges/{charge}": lambda on: {"charge": on.charge.id},
    "/v1/checkout/sessions/{session}": lambda on: {"session": on.open_session()},
    "/v1/checkout/sessions/{session}/expire": lambda on: {"session": on.open_session()},
    "/v1/checkout/sessions/{session}/line_items": lambda on: {"session": on.session.id},
    "/v1/customers/{customer}": lambda on: {"customer": on.customer.id},
    "/v1/events/{id}": lambda on: {"id": on.v1.events.list().data[0].id},
    "/v1/payment_intents/{intent}": lambda on: {"intent": on.intent.id},
    "/v1/payment_intents/{intent}/cancel": lambda on: {"intent": on.intent.id},
    "/v1/payment_intents/{intent}/confirm": lambda on: {"intent": on.intent.id},
    "/v1/payment_methods/{payment_method}": lambda on: {"payment_method": str(on.charge.payment_method)},
    "/v1/webhook_endpoints/{webhook_endpoint}": lambda on: {"webhook_endpoint": on.hook.id},
}
