"""Each outbound write on the wire, and what comes back: the same whether Stripe is laid out or played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.stripe_gateway.client import WRITES
from randonumber.stripe_gateway.wire import TAKEN_BY_THE_SDK
from tests.stripe_gateway.world import DONE_URL, EMAIL, OBJECTS, SALE

if TYPE_CHECKING:
    from tests.stripe_gateway.ways import Way

KEY = "inst:op:ref:1"


@dataclass(frozen=True, kw_only=True)
class Write:
    """A write as the app sends it. Names in braces are ids of the story; `becomes` is what the object then shows."""

    operation: str
    params: dict[str, Any]
    path: str
    form: dict[str, str]
    shows: str
    becomes: dict[str, Any] = field(default_factory=dict)


CASES = [
    Write(
        operation="account.create",
        params={
            "type": "express",
            "country": "US",
            "email": EMAIL,
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {"ref": "pac_2", "user": "usr_1"},
        },
        path="/v1/accounts",
        form={
            "type": "express",
            "country": "US",
            "email": EMAIL,
            "capabilities[transfers][requested]": "true",
            "metadata[ref]": "pac_2",
            "metadata[user]": "usr_1",
        },
        shows="seller",
        becomes={"type": "express", "country": "US", "email": EMAIL, "metadata": {"ref": "pac_2", "user": "usr_1"}},
    ),
    Write(
        operation="customer.create",
        params={"email": EMAIL, "metadata": {"ref": "usr_1"}},
        path="/v1/customers",
        form={"email": EMAIL, "metadata[ref]": "usr_1"},
        shows="ann",
        becomes={"email": EMAIL, "metadata": {"ref": "usr_1"}},
    ),
    Write(
        operation="checkout_session.create",
        params={
            "mode": "payment",
            "customer": "{ann}",
            "client_reference_id": "pur_2",
            "metadata": {"ref": "pur_2"},
            "line_items": [SALE],
            "automatic_tax": {"enabled": False},
            "success_url": DONE_URL,
        },
        path="/v1/checkout/sessions",
        form={
            "mode": "payment",
            "customer": "{ann}",
            "client_reference_id": "pur_2",
            "metadata[ref]": "pur_2",
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": "700",
            "line_items[0][price_data][product_data][name]": "Tea",
            "automatic_tax[enabled]": "false",
            "success_url": DONE_URL,
        },
        shows="session",
        becomes={"status": "open", "payment_status": "unpaid", "amount_total": 700, "metadata": {"ref": "pur_2"}},
    ),
    Write(
        operation="checkout_session.expire",
        params={"session": "{session}"},
        path="/v1/checkout/sessions/{session}/expire",
        form={},
        shows="session",
        becomes={"id": "{session}", "status": "expired"},
    ),
    Write(
        operation="payment_intent.create",
        params={
            "amount": 700,
            "currency": "usd",
            "customer": "{ann}",
            "payment_method_types": ["card"],
            "setup_future_usage": "off_session",
            "metadata": {"ref": "pur_3"},
        },
        path="/v1/payment_intents",
        form={
            "amount": "700",
            "currency": "usd",
            "customer": "{ann}",
            "payment_method_types[0]": "card",
            "setup_future_usage": "off_session",
            "metadata[ref]": "pur_3",
        },
        shows="open_intent",
        becomes={"amount": 700, "status": "requires_payment_method", "metadata": {"ref": "pur_3"}},
    ),
    Write(
        operation="payment_intent.confirm",
        params={
            "intent": "{open_intent}",
            "payment_method": "{card}",
            "off_session": True,
            "expand": ["latest_charge"],
        },
        path="/v1/payment_intents/{open_intent}/confirm",
        form={"payment_method": "{card}", "off_session": "true", "expand[0]": "latest_charge"},
        shows="open_intent",
        becomes={"id": "{open_intent}", "status": "succeeded", "amount_received": 700},
    ),
    Write(
        operation="payment_intent.cancel",
        params={"intent": "{open_intent}"},
        path="/v1/payment_intents/{open_intent}/cancel",
        form={},
        shows="open_intent",
        becomes={"id": "{open_intent}", "status": "canceled"},
    ),
    Write(
        operation="payment_method.detach",
        params={"payment_method": "{card}"},
        path="/v1/payment_methods/{card}/detach",
        form={},
        shows="card",
        becomes={"id": "{card}", "customer": None},
    ),
    Write(
        operation="refund.create",
        params={
            "payment_intent": "{intent}",
            "amount": 600,
            "reason": "requested_by_customer",
            "metadata": {"purchase_ref": "pur_1", "ref": "ref_2"},
        },
        path="/v1/refunds",
        form={
            "payment_intent": "{intent}",
            "amount": "600",
            "reason": "requested_by_customer",
            "metadata[purchase_ref]": "pur_1",
            "metadata[ref]": "ref_2",
        },
        shows="refund",
        becomes={"amount": 600, "status": "succeeded", "charge": "{charge}"},
    ),
    Write(
        operation="setup_intent.cancel",
        params={"intent": "{setup_intent}"},
        path="/v1/setup_intents/{setup_intent}/cancel",
        form={},
        shows="setup_intent",
        becomes={"id": "{setup_intent}", "status": "canceled"},
    ),
    Write(
        operation="setup_intent.create",
        params={"customer": "{ann}", "payment_method_types": ["card"], "metadata": {"ref": "set_2"}},
        path="/v1/setup_intents",
        form={"customer": "{ann}", "payment_method_types[0]": "card", "metadata[ref]": "set_2"},
        shows="setup_intent",
        becomes={"status": "requires_payment_method", "usage": "off_session", "metadata": {"ref": "set_2"}},
    ),
    Write(
        operation="transfer.create",
        params={
            "amount": 500,
            "currency": "usd",
            "destination": "{seller}",
            "transfer_group": "wd_2",
            "metadata": {"ref": "wd_2"},
        },
        path="/v1/transfers",
        form={
            "amount": "500",
            "currency": "usd",
            "destination": "{seller}",
            "transfer_group": "wd_2",
            "metadata[ref]": "wd_2",
        },
        shows="transfer",
        becomes={"amount": 500, "amount_reversed": 0, "destination": "{seller}", "transfer_group": "wd_2"},
    ),
]


def test_every_write_of_the_gateway_is_here() -> None:
    assert {case.operation for case in CASES} == set(WRITES)


def named(value: Any, ids: dict[str, str]) -> Any:
    """Put ids in the place of their names."""
    if isinstance(value, dict):
        return {key: named(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [named(inner, ids) for inner in value]
    return value.format_map(ids) if isinstance(value, str) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
def test_a_write_is_one_form_under_its_key(case: Write, way: Way) -> None:
    path, becomes = named(case.path, way.ids), named(case.becomes, way.ids)
    way.answers("POST", path, OBJECTS[case.shows] | becomes)

    found = way.gateway.send(case.operation, named(case.params, way.ids), KEY)

    [request] = way.sent
    assert (request.method, request.path, request.params) == ("POST", path, named(case.form, way.ids))
    assert request.headers["Idempotency-Key"] == KEY
    assert request.headers["Stripe-Version"] == "2026-08-26.dahlia"
    assert request.headers["Authorization"] == "Bearer sk_test_both"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Stripe-Account" not in request.headers
    assert found["object"] == OBJECTS[case.shows]["object"]
    assert {name: found[name] for name in becomes} == becomes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
def test_the_same_write_again_is_the_same_object(case: Write, way: Way) -> None:
    path = named(case.path, way.ids)
    way.answers("POST", path, case.shows)

    first = way.gateway.send(case.operation, named(case.params, way.ids), KEY)
    second = way.gateway.send(case.operation, named(case.params, way.ids), KEY)

    assert first == second
    one, other = way.sent
    assert (one.path, one.params, one.headers["Idempotency-Key"]) == (
        other.path,
        other.params,
        other.headers["Idempotency-Key"],
    )


def test_a_write_for_a_connected_account_names_it(way: Way) -> None:
    account = connected(way)
    way.answers("POST", "/v1/customers", "ann")

    way.gateway.send("customer.create", {"email": EMAIL}, KEY, account)

    assert way.sent[-1].headers["Stripe-Account"] == account


@pytest.mark.parametrize("name", sorted(TAKEN_BY_THE_SDK))
def test_a_parameter_that_the_sdk_would_keep_is_refused_here(name: str, way: Way) -> None:
    with pytest.raises(ValueError, match=name):
        way.gateway.send("setup_intent.create", {name: "off_session"}, KEY)
    assert way.sent == []


def connected(way: Way) -> str:
    """Return an account of somebody who sells through this platform."""
    sdk: Any = getattr(way, "sdk", None)
    if sdk is None:
        return "acct_seller"
    asking = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    return str(sdk.v1.accounts.create(asking).id)
