from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import clock, inprocess
from randonumber.sandbox.faults import EVERY, OF_EVENTS, Unplannable, matches
from tests.sandbox.conftest import make_sdk

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

CREATE = "POST /v1/customers"
KEY: Any = {"idempotency_key": "k"}


def names(sdk: stripe.StripeClient) -> int:
    return len(sdk.v1.customers.list().data)


@pytest.mark.parametrize(("fault", "made"), [("reset_before", 0), ("reset_after", 1), ("truncate", 1)])
def test_a_cut_line_leaves_the_effect_in_doubt_until_the_same_key_is_sent_again(
    sandbox: Flask, sdk: stripe.StripeClient, fault: str, made: int
) -> None:
    inprocess.add_fault(sandbox, CREATE, fault)
    with pytest.raises(stripe.APIConnectionError):
        sdk.v1.customers.create({"name": "x"}, KEY)
    assert names(sdk) == made
    sdk.v1.customers.create({"name": "x"}, KEY)
    assert names(sdk) == 1


@pytest.mark.parametrize(("seconds", "waits"), [(5, True), (25, False)])
def test_a_slow_answer_is_a_time_out_when_it_is_slower_than_the_client(
    sandbox: Flask, *, seconds: int, waits: bool
) -> None:
    sdk = make_sdk(sandbox, read_timeout_seconds=8 if waits else 20)
    inprocess.add_fault(sandbox, CREATE, "slow", seconds=seconds)
    if waits:
        assert sdk.v1.customers.create({}).id
    else:
        with pytest.raises(stripe.APIConnectionError, match="timed out"):
            sdk.v1.customers.create({})
    assert names(sdk) == 1


@pytest.mark.parametrize(("fault", "made"), [("error_500", 0), ("error_500_done", 1)])
def test_a_500_sticks_to_its_key(sandbox: Flask, sdk: stripe.StripeClient, fault: str, made: int) -> None:
    inprocess.add_fault(sandbox, CREATE, fault)
    for _ in range(3):
        with pytest.raises(stripe.APIError) as refused:
            sdk.v1.customers.create({}, KEY)
        assert refused.value.http_status == 500
    assert names(sdk) == made
    sdk.v1.customers.create({}, {"idempotency_key": "another"})
    assert names(sdk) == made + 1


def test_a_charge_done_behind_a_500_is_really_done(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    inprocess.add_fault(sandbox, "POST /v1/payment_intents", "error_500_done")
    params: Any = {
        "amount": 1000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "confirm": True,
        "return_url": "http://127.0.0.1/back",
    }
    with pytest.raises(stripe.APIError):
        sdk.v1.payment_intents.create(params)
    assert sdk.v1.charges.list().data[0].balance_transaction


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("error_429", 429, "rate_limit"), ("error_409", 409, "idempotency_key_in_use")]
)
def test_a_passing_refusal_keeps_nothing(
    sandbox: Flask, sdk: stripe.StripeClient, fault: str, status: int, code: str
) -> None:
    inprocess.add_fault(sandbox, CREATE, fault, times=2)
    for _ in range(2):
        with pytest.raises(stripe.StripeError) as refused:
            sdk.v1.customers.create({}, KEY)
        assert refused.value.http_status == status
        body: Any = refused.value.json_body
        assert body["error"]["code"] == code
    assert sdk.v1.customers.create({}, KEY).id
    assert names(sdk) == 1


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ("error_401", stripe.AuthenticationError, r"Expired API Key provided: sk_test_[*]+"),
        (
            "error_403",
            stripe.PermissionError,
            r"permissions for this endpoint on account 'acct_1\w+'. Having the 'rak_customer_write' permission",
        ),
    ],
)
def test_a_key_that_was_rolled_or_cut_down_stops_everything_and_keeps_nothing(
    sandbox: Flask, sdk: stripe.StripeClient, fault: str, error: type[stripe.StripeError], sentence: str
) -> None:
    inprocess.add_fault(sandbox, CREATE, fault)
    with pytest.raises(error, match=sentence):
        sdk.v1.customers.create({}, KEY)
    assert names(sdk) == 0
    assert sdk.v1.customers.create({}, KEY).id


@pytest.mark.parametrize("operation", ["POST /v1/transfers", "*"])
def test_a_fault_strikes_also_what_is_refused_and_what_is_done_for_a_connected_account(
    sandbox: Flask, sdk: stripe.StripeClient, operation: str
) -> None:
    inprocess.add_fault(sandbox, operation, "error_500")
    params: Any = {"amount": 100, "currency": "usd", "destination": "acct_none"}
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            sdk.v1.transfers.create(params, KEY)
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.transfers.create(params)


def test_a_key_may_live_shorter(sandbox: Flask, sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    inprocess.add_fault(sandbox, CREATE, "key_ttl", seconds=60)
    sdk.v1.customers.create({}, KEY)
    sdk.v1.customers.create({}, KEY)
    assert names(sdk) == 1
    now = clock.real_now()
    monkeypatch.setattr(clock, "real_now", lambda: now + 61)
    sdk.v1.customers.create({}, KEY)
    assert names(sdk) == 2, "a reuse after pruning is a new request"


def test_a_fault_strikes_as_often_as_planned_and_only_its_operation(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    inprocess.add_fault(sandbox, CREATE, "reset_before", times=2)
    assert sdk.v1.customers.list().data == []
    for _ in range(2):
        with pytest.raises(stripe.APIConnectionError):
            sdk.v1.customers.create({})
    assert sdk.v1.customers.create({}).id


def test_a_rate_strikes_at_random_and_the_same_way_for_a_seed(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    runs = []
    for _ in range(2):
        inprocess.clear_faults(sandbox)
        inprocess.add_fault(sandbox, CREATE, "reset_before", rate=0.5, seed=3)
        run = []
        for _ in range(20):
            try:
                sdk.v1.customers.create({})
                run.append(True)
            except stripe.APIConnectionError:
                run.append(False)
        runs.append(run)
    assert runs[0] == runs[1]
    assert 4 < sum(runs[0]) < 16


@pytest.mark.parametrize(
    ("planned", "operation", "path", "found"),
    [
        ("*", "GET /v1/events", "GET /v1/events", True),
        ("POST /v1/customers/{customer}", "POST /v1/customers/{customer}", "POST /v1/customers/cus_1", True),
        ("POST /v1/customers/{id}", "POST /v1/customers/{customer}", "POST /v1/customers/cus_1", True),
        ("POST /v1/customers/cus_1", "POST /v1/customers/{customer}", "POST /v1/customers/cus_1", True),
        ("POST /v1/customers/cus_2", "POST /v1/customers/{customer}", "POST /v1/customers/cus_1", False),
        ("POST /v1/customers", "POST /v1/customers/{customer}", "POST /v1/customers/cus_1", False),
        ("GET /v1/customers/{customer}", "POST /v1/customers/{customer}", "POST /v1/customers/cus_1", False),
    ],
)
def test_an_operation_is_named_as_stripe_writes_it(planned: str, operation: str, path: str, *, found: bool) -> None:
    assert matches(planned, operation, path) == found


BROKEN: list[Any] = [
    {},
    {"operation": "*"},
    {"operation": "*", "fault": "explode"},
    {"operation": 5, "fault": "slow"},
    {"operation": "*", "fault": {"slow": 5}},
    {"operation": "", "fault": "slow"},
    {"operation": "*", "fault": "slow", "seconds": -1},
    {"operation": "*", "fault": "slow", "seconds": "3"},
    {"operation": "*", "fault": "slow", "times": 0},
    {"operation": "*", "fault": "slow", "times": True},
    {"operation": "*", "fault": "slow", "rate": 2},
    {"operation": "*", "fault": "slow", "surprise": 1},
    {"operation": "*", "fault": "slow"},
    {"operation": "*", "fault": "key_ttl"},
    {"operation": "POST /v1/costumers", "fault": "reset_after"},
    {"operation": "PUT /v1/customers", "fault": "reset_after"},
    {"operation": "/v1/customers", "fault": "reset_after"},
    {"operation": "POST /v1/subscriptions", "fault": "error_500"},
    {"operation": "charge.refunded", "fault": "error_500"},
    {"operation": "POST /v1/customers", "fault": "lose"},
    {"operation": "charge.refnded", "fault": "lose"},
]


@pytest.mark.parametrize("plan", BROKEN)
def test_a_plan_that_cannot_be_is_refused(sandbox: Flask, raw: Callable[..., Any], plan: Any) -> None:
    answer = raw("POST", "/_sandbox/faults", json=plan)
    assert answer.status_code == 400
    assert answer.json["error"]


def test_every_fault_can_be_planned_listed_and_cleared(raw: Callable[..., Any]) -> None:
    for fault in sorted(EVERY):
        operation = "charge.refunded" if fault in OF_EVENTS else "POST /v1/customers/{customer}"
        plan = {"operation": operation, "fault": fault, "seconds": 1}
        assert raw("POST", "/_sandbox/faults", json=plan).status_code == 201
    assert {one["fault"] for one in raw("GET", "/_sandbox/faults").json["faults"]} == EVERY
    assert raw("DELETE", "/_sandbox/faults").json == {"faults": []}
    assert raw("GET", "/_sandbox/faults").json == {"faults": []}


def test_a_broken_plan_in_process_raises(sandbox: Flask) -> None:
    with pytest.raises(Unplannable):
        inprocess.add_fault(sandbox, "*", "explode")
