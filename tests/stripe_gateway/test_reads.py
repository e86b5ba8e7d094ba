"""Each read on the wire, and what the app makes of the answer: the same whether Stripe is laid out or played."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import clock
from randonumber.stripe_gateway import Gateway, StripeNotFound
from tests.stripe_gateway import world
from tests.stripe_gateway.test_writes import named

if TYPE_CHECKING:
    from tests.stripe_gateway.ways import Way

SINCE = clock.from_timestamp(world.SINCE)


@dataclass(frozen=True, kw_only=True)
class Read:
    """A method of the gateway that shows one object: its arguments by name, what goes out, what is made of it."""

    method: str
    arguments: tuple[str, ...] = ()
    path: str
    query: dict[str, str] = field(default_factory=dict)
    shows: dict[str, Any]


LATEST = {"expand[0]": "latest_charge"}
CASES = [
    Read(
        method="get_account",
        path="/v1/account",
        shows={"id": "{account}", "country": "US", "default_currency": "usd"},
    ),
    Read(
        method="get_balance",
        path="/v1/balance",
        shows={"connect_reserved": 0, "available": 6680, "pending": 999},
    ),
    Read(
        method="get_balance_transaction",
        arguments=("txn",),
        path="/v1/balance_transactions/{txn}",
        shows={
            "id": "{txn}",
            "type": "charge",
            "source_id": "{charge}",
            "amount": 900,
            "fee": 56,
            "net": 844,
            "currency": "usd",
            "status": "pending",
        },
    ),
    Read(
        method="get_charge",
        arguments=("charge",),
        path="/v1/charges/{charge}",
        shows={
            "id": "{charge}",
            "amount": 900,
            "amount_refunded": 300,
            "currency": "usd",
            "paid": True,
            "disputed": False,
            "card_brand": "visa",
            "card_last4": "4242",
            "customer_id": "{ann}",
            "payment_intent_id": "{intent}",
            "livemode": False,
        },
    ),
    Read(
        method="get_charge",
        arguments=("disputed",),
        path="/v1/charges/{disputed}",
        shows={"amount": 500, "disputed": True, "customer_id": None},
    ),
    Read(
        method="get_card",
        arguments=("card",),
        path="/v1/payment_methods/{card}",
        shows={"id": "{card}", "customer_id": "{ann}", "brand": "visa", "last4": "4242"},
    ),
    Read(
        method="get_checkout_session",
        arguments=("session",),
        path="/v1/checkout/sessions/{session}",
        shows={
            "id": "{session}",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": 700,
            "currency": "usd",
            "customer_id": "{ann}",
            "payment_intent_id": None,
            "metadata": {"ref": "pur_2"},
        },
    ),
    Read(
        method="get_dispute",
        arguments=("dispute",),
        path="/v1/disputes/{dispute}",
        shows={
            "id": "{dispute}",
            "amount": 500,
            "status": "needs_response",
            "reason": "fraudulent",
            "charge_id": "{disputed}",
            "withdrawn": 500,
            "reinstated": 0,
        },
    ),
    Read(
        method="get_payment_intent",
        arguments=("intent",),
        path="/v1/payment_intents/{intent}",
        query=LATEST,
        shows={
            "id": "{intent}",
            "status": "succeeded",
            "amount": 900,
            "amount_received": 900,
            "customer_id": "{ann}",
            "payment_method_id": "{card}",
            "error_code": None,
            "redirect_url": None,
            "metadata": {"ref": "pur_1"},
        },
    ),
    Read(
        method="get_payment_intent",
        arguments=("open_intent",),
        path="/v1/payment_intents/{open_intent}",
        query=LATEST,
        shows={"status": "requires_payment_method", "amount": 700, "amount_received": 0, "charge": None},
    ),
    Read(
        method="get_refund",
        arguments=("refund",),
        path="/v1/refunds/{refund}",
        shows={
            "id": "{refund}",
            "amount": 300,
            "status": "succeeded",
            "charge_id": "{charge}",
            "payment_intent_id": "{intent}",
            "failure_balance_transaction_id": None,
            "failure_reason": None,
            "metadata": {"ref": "ref_1"},
        },
    ),
    Read(
        method="get_setup_intent",
        arguments=("setup_intent",),
        path="/v1/setup_intents/{setup_intent}",
        shows={
            "id": "{setup_intent}",
            "status": "requires_payment_method",
            "customer_id": "{ann}",
            "payment_method_id": None,
            "metadata": {"ref": "set_1"},
        },
    ),
    Read(
        method="show_balance_transaction",
        arguments=("txn",),
        path="/v1/balance_transactions/{txn}",
        query={"expand[0]": "source"},
        shows={"id": "{txn}", "object": "balance_transaction", "amount": 900},
    ),
    Read(
        method="show_payment_intent",
        arguments=("open_intent",),
        path="/v1/payment_intents/{open_intent}",
        query=LATEST,
        shows={"id": "{open_intent}", "object": "payment_intent", "status": "requires_payment_method"},
    ),
]


@dataclass(frozen=True, kw_only=True)
class ListRead:
    """A method of the gateway that reads a list: what is in it by name."""

    method: str
    argument: str
    path: str
    query: dict[str, str]
    holds: tuple[str, ...]


LISTED = [
    ListRead(
        method="list_cards",
        argument="{ann}",
        path="/v1/customers/{ann}/payment_methods",
        query={"type": "card"},
        holds=("card",),
    ),
    ListRead(
        method="list_checkout_sessions",
        argument="{ann}",
        path="/v1/checkout/sessions",
        query={"customer": "{ann}"},
        holds=("session",),
    ),
    ListRead(
        method="list_customers",
        argument=world.EMAIL,
        path="/v1/customers",
        query={"email": world.EMAIL},
        holds=("ann",),
    ),
    ListRead(
        method="list_disputes",
        argument="{disputed}",
        path="/v1/disputes",
        query={"charge": "{disputed}"},
        holds=("dispute",),
    ),
    ListRead(method="list_disputes", argument="{charge}", path="/v1/disputes", query={"charge": "{charge}"}, holds=()),
    ListRead(
        method="list_refunds",
        argument="{charge}",
        path="/v1/refunds",
        query={"charge": "{charge}"},
        holds=("refund",),
    ),
]
BY_TIME = {"list_balance_transactions": "/v1/balance_transactions", "list_events": "/v1/events"}
ELSEWHERE = {"send", "find_by_ref", "clock_drift_seconds", "reached_at", "get", "each", "list_webhook_endpoints"}


def test_every_method_of_the_gateway_is_here() -> None:
    methods = {name for name, _ in inspect.getmembers(Gateway, inspect.isfunction) if not name.startswith("_")}
    here = {case.method for case in CASES} | {case.method for case in LISTED} | set(BY_TIME)
    assert here | ELSEWHERE == methods


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}-{'-'.join(case.arguments)}")
def test_a_read_asks_for_one_object_and_understands_it(case: Read, way: Way) -> None:
    path = named(case.path, way.ids)
    way.answers("GET", path, case.arguments[0] if case.arguments else case.method.removeprefix("get_"), **case.query)

    found = getattr(way.gateway, case.method)(*(way.ids[name] for name in case.arguments))

    [request] = way.sent
    assert (request.method, request.path, request.params) == ("GET", path, case.query)
    assert "Idempotency-Key" not in request.headers
    shown = found if isinstance(found, dict) else {name: getattr(found, name) for name in case.shows}
    expected = named(case.shows, way.ids)
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.parametrize("case", LISTED, ids=lambda case: f"{case.method}-{len(case.holds)}")
def test_a_list_is_asked_for_by_its_owner(case: ListRead, way: Way) -> None:
    path, query = named(case.path, way.ids), named(case.query, way.ids)
    way.lists(path, list(case.holds), **query)

    found = getattr(way.gateway, case.method)(named(case.argument, way.ids))

    [request] = way.sent
    assert (request.method, request.path, request.params) == ("GET", path, {"limit": "100", **query})
    assert [one.id for one in found] == [way.ids[name] for name in case.holds]


@pytest.mark.parametrize("method", BY_TIME)
def test_what_happened_since_a_moment_is_asked_for_by_whole_seconds(method: str, way: Way) -> None:
    since = {"created[gte]": str(world.SINCE)}
    way.lists(BY_TIME[method], [], **since)

    found = getattr(way.gateway, method)(SINCE)

    [request] = way.sent
    assert (request.method, request.path, request.params) == ("GET", BY_TIME[method], {"limit": "100", **since})
    assert isinstance(found, list)


def test_a_payments_latest_charge_comes_along(way: Way) -> None:
    way.answers("GET", f"/v1/payment_intents/{way.ids['intent']}", "intent", **LATEST)
    charge = way.gateway.get_payment_intent(way.ids["intent"]).charge
    assert charge is not None
    assert (charge.id, charge.amount, charge.card_last4) == (way.ids["charge"], 900, "4242")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get_balance_transaction", "/v1/balance_transactions/txn_none"),
        ("get_card", "/v1/payment_methods/pm_none"),
        ("get_charge", "/v1/charges/ch_none"),
        ("get_checkout_session", "/v1/checkout/sessions/cs_none"),
        ("get_dispute", "/v1/disputes/dp_none"),
        ("get_payment_intent", "/v1/payment_intents/pi_none"),
        ("get_refund", "/v1/refunds/re_none"),
        ("get_setup_intent", "/v1/setup_intents/seti_none"),
        ("show_payment_intent", "/v1/payment_intents/pi_none"),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(method: str, path: str, way: Way) -> None:
    way.refuses("GET", path, 404, code="resource_missing", message="No such object", param="id")
    with pytest.raises(StripeNotFound) as caught:
        getattr(way.gateway, method)(path.rpartition("/")[2])
    assert (caught.value.status, caught.value.code) == (404, "resource_missing")
