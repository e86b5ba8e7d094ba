from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import pytest
import stripe

from randonumber.sandbox import clock, inprocess
from randonumber.sandbox.wire import idempotency
from tests.sandbox.conftest import types

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

KEY = {"Idempotency-Key": "k1"}


def test_the_same_request_gives_the_same_bytes_and_happens_once(
    raw: Callable[..., Any], sdk: stripe.StripeClient
) -> None:
    first = raw("POST", "/v1/customers", data={"email": "a@example.com"}, headers=KEY)
    again = raw("POST", "/v1/customers", data={"email": "a@example.com"}, headers=KEY)
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]
    assert types(sdk) == ["customer.created"]


def test_other_parameters_under_the_key_are_an_idempotency_error(sdk: stripe.StripeClient) -> None:
    sdk.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="can only be used with the same parameters"):
        sdk.v1.customers.create({"email": "b@example.com"}, {"idempotency_key": "k"})


def test_another_address_under_the_key_is_an_idempotency_error(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        sdk.v1.customers.update(customer.id, {}, {"idempotency_key": "k"})
    assert refused.value.user_message == (
        "Keys for idempotent requests can only be used for the same endpoint they were first used for "
        f"('/v1/customers/{customer.id}' vs '/v1/customers'). Try using a key other than 'k' if you meant to execute a "
        "different request."
    )


def test_keys_of_two_accounts_do_not_meet(raw: Callable[..., Any]) -> None:
    first = raw("POST", "/v1/customers", data={"email": "a@example.com"}, headers=KEY)
    other = raw("POST", "/v1/customers", headers=KEY | {"Authorization": "Bearer sk_test_two"})
    assert other.status_code == 200
    assert other.json["id"] != first.json["id"]


def test_a_refusal_while_running_is_kept(sdk: stripe.StripeClient) -> None:
    params: Any = {"amount": 900, "currency": "usd", "customer": "cus_none"}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sdk.v1.payment_intents.create(params, {"idempotency_key": "k"})
    assert refused.value.headers
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_a_decline_is_kept_with_its_effects(sdk: stripe.StripeClient) -> None:
    params: Any = {
        "amount": 900,
        "currency": "usd",
        "payment_method": "pm_card_chargeDeclined",
        "confirm": True,
        "return_url": "http://127.0.0.1/back",
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            sdk.v1.payment_intents.create(params, {"idempotency_key": "k"})
    assert len(sdk.v1.charges.list().data) == 1


def test_what_is_refused_before_it_runs_is_not_kept(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        sdk.v1.customers.create(cast("Any", {"nope": "1"}), {"idempotency_key": "k"})
    assert sdk.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"}).email == "a@example.com"


@pytest.mark.parametrize("seconds", [idempotency.KEY_SECONDS - 60, idempotency.KEY_SECONDS + 60])
def test_a_key_lives_a_day(sdk: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    first = sdk.v1.customers.create({}, {"idempotency_key": "k"})
    now = clock.real_now()
    monkeypatch.setattr(clock, "real_now", lambda: now + seconds)
    again = sdk.v1.customers.create({}, {"idempotency_key": "k"})
    assert (again.id == first.id) == (seconds < idempotency.KEY_SECONDS)


def test_moving_the_clock_makes_no_key_older(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    first = sdk.v1.customers.create({}, {"idempotency_key": "k"})
    inprocess.advance(sandbox, 7 * idempotency.KEY_SECONDS)
    assert sdk.v1.customers.create({}, {"idempotency_key": "k"}).id == first.id


def test_a_key_in_use_is_409(raw: Callable[..., Any], sandbox: Flask) -> None:
    own = inprocess.sandbox_of(sandbox)
    account = raw("GET", "/v1/account").json["id"]
    idempotency.claim(own, account, "k1")
    answer = raw("POST", "/v1/customers", headers=KEY)
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "idempotency_key_in_use"
    assert raw("POST", "/v1/customers", headers=KEY).status_code == 409, "a refused request does not free the key"
    idempotency.release(own, account, "k1")
    assert raw("POST", "/v1/customers", headers=KEY).status_code == 200


def test_thirty_two_equal_requests_at_once_make_one_object(raw: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    statuses: list[int] = []
    start = threading.Barrier(32)

    def send() -> None:
        start.wait()
        statuses.append(raw("POST", "/v1/customers", headers=KEY).status_code)

    threads = [threading.Thread(target=send) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409}
    assert len(sdk.v1.customers.list().data) == 1


@pytest.mark.parametrize("key", ["x" * 256, " "])
def test_an_unusable_key_is_refused(raw: Callable[..., Any], key: str) -> None:
    assert raw("POST", "/v1/customers", headers={"Idempotency-Key": key}).status_code == 400


def test_a_key_on_a_get_has_no_effect(raw: Callable[..., Any]) -> None:
    raw("GET", "/v1/customers", headers=KEY)
    raw("POST", "/v1/customers", headers={"Idempotency-Key": "other"})
    assert len(raw("GET", "/v1/customers", headers=KEY).json["data"]) == 1


def test_events_name_the_request_and_its_key(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({}, {"idempotency_key": "k"})
    event = sdk.v1.events.list().data[0]
    assert customer.last_response
    assert event["request"]["idempotency_key"] == "k"
    assert event["request"]["id"] == customer.last_response.request_id


def test_old_keys_are_found_without_a_look_at_the_others(sandbox: Flask) -> None:
    store = inprocess.sandbox_of(sandbox).store
    with store.transaction():
        plan = [row["detail"] for row in store.rows(f"EXPLAIN QUERY PLAN {idempotency.FORGET}", 0)]
    assert plan == ["SEARCH idempotency USING INDEX idempotency_end (<expr><?)"]
