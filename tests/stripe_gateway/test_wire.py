"""The gateway against recorded answers: bodies, keys, each class of error, time-outs. No sandbox here."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses
from flask import Flask
from responses import matchers

from randonumber.clock import from_timestamp
from randonumber.database import TransactionOpen, transaction
from randonumber.stripe_gateway import (
    Gateway,
    StripeDenied,
    StripeKeyReused,
    StripeNotFound,
    StripeRefused,
    StripeUnavailable,
)
from randonumber.stripe_gateway.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "https://api.stripe.com"
PATIENCE = {"web": (1, 8), "worker": (3, 20)}
CUSTOMER = {"id": "cus_1", "object": "customer"}


def make_gateway(base: str | None = None, patience: dict[str, tuple[int, int]] | None = None) -> Gateway:
    wire = Wire(key="sk_test_secret", base=base, timeouts_seconds=patience or PATIENCE, web_threads=4)
    return Gateway(wire)


@pytest.fixture
def stripe_answers() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def send(gateway: Gateway) -> dict[str, Any]:
    return gateway.send("customer.create", {"email": "a@example.com", "metadata": {"ref": "usr_1"}}, "key-1")


def test_a_write_carries_key_version_and_form(gateway: Gateway, stripe_answers: responses.RequestsMock) -> None:
    stripe_answers.post(
        f"{API}/v1/customers",
        json=CUSTOMER,
        match=[
            matchers.header_matcher(
                {
                    "Idempotency-Key": "key-1",
                    "Stripe-Version": "2026-08-26.dahlia",
                    "Authorization": "Bearer sk_test_secret",
                }
            ),
            matchers.urlencoded_params_matcher({"email": "a@example.com", "metadata[ref]": "usr_1"}),
        ],
    )

    assert send(gateway) == CUSTOMER


def test_a_write_for_a_connected_account_names_it(gateway: Gateway, stripe_answers: responses.RequestsMock) -> None:
    named = matchers.header_matcher({"Stripe-Account": "acct_1"})
    stripe_answers.post(f"{API}/v1/customers", json=CUSTOMER, match=[named])

    gateway.send("customer.create", {}, "key-1", "acct_1")


def test_a_parameter_that_the_path_names_is_not_sent(gateway: Gateway, stripe_answers: responses.RequestsMock) -> None:
    stripe_answers.post(
        f"{API}/v1/checkout/sessions/cs_1/expire",
        json={"id": "cs_1", "object": "checkout.session"},
        match=[matchers.urlencoded_params_matcher(None)],
    )

    assert gateway.send("checkout_session.expire", {"session": "cs_1"}, "key-1")["id"] == "cs_1"


def error(**inner: Any) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "message": "No.", **inner}}


ERRORS = [
    (400, error(code="parameter_unknown", param="x"), StripeRefused),
    (402, error(type="card_error", code="card_declined"), StripeRefused),
    (404, error(code="resource_missing"), StripeNotFound),
    (400, error(type="idempotency_error"), StripeKeyReused),
    (401, error(), StripeDenied),
    (403, error(code="account_invalid"), StripeDenied),
    (409, error(type="idempotency_error", code="idempotency_key_in_use"), StripeUnavailable),
    (429, error(code="lock_timeout"), StripeUnavailable),
    (400, error(code="rate_limit"), StripeUnavailable),
    (500, error(type="api_error"), StripeUnavailable),
    (503, error(type="api_error"), StripeUnavailable),
    (418, error(), StripeUnavailable),
]


@pytest.mark.parametrize(("status", "body", "raised"), ERRORS)
def test_each_error_of_stripes_is_one_of_ours(
    status: int, body: dict[str, Any], raised: type[Exception], gateway: Gateway, stripe_answers: responses.RequestsMock
) -> None:
    stripe_answers.post(f"{API}/v1/customers", json=body, status=status)

    with pytest.raises(raised) as caught:
        send(gateway)
    assert type(caught.value) is raised
    assert (caught.value.status, caught.value.code) == (status, body["error"].get("code"))  # type: ignore[attr-defined]


BROKEN = [
    (200, b""),
    (200, b"<html>proxy</html>"),
    (200, b'{"id": "cus_1", "obj'),
    (200, b"[]"),
    (200, b"null"),
    (200, b'{"id": "cus_1"}'),
    (400, b"<html>bad gateway</html>"),
    (400, b"{}"),
    (404, b'{"error": "invalid_grant"}'),
    (502, b"<html>bad gateway</html>"),
]


@pytest.mark.parametrize(("status", "body"), BROKEN)
def test_an_answer_that_is_not_stripes_settles_nothing(
    status: int, body: bytes, gateway: Gateway, stripe_answers: responses.RequestsMock
) -> None:
    stripe_answers.post(f"{API}/v1/customers", body=body, status=status)

    with pytest.raises(StripeUnavailable) as caught:
        send(gateway)
    assert caught.value.status == status


def test_an_answer_that_is_no_text_settles_nothing(gateway: Gateway, stripe_answers: responses.RequestsMock) -> None:
    stripe_answers.post(f"{API}/v1/customers", body=b"\xff\xfe", status=200)

    with pytest.raises(StripeUnavailable):
        send(gateway)


NETWORK = [
    requests.exceptions.ConnectTimeout(),
    requests.exceptions.ReadTimeout(),
    requests.exceptions.ConnectionError(),
    requests.exceptions.SSLError(),
    requests.exceptions.ChunkedEncodingError(),
    requests.exceptions.ContentDecodingError(),
]


@pytest.mark.parametrize("failure", NETWORK, ids=[type(failure).__name__ for failure in NETWORK])
def test_a_broken_line_leaves_the_outcome_unknown_and_is_not_retried_here(
    failure: Exception, gateway: Gateway, stripe_answers: responses.RequestsMock
) -> None:
    stripe_answers.post(f"{API}/v1/customers", body=failure)

    with pytest.raises(StripeUnavailable) as caught:
        send(gateway)
    assert caught.value.status is None
    assert len(stripe_answers.calls) == 1


def test_without_a_key_nothing_is_sent() -> None:
    keyless = Gateway(Wire(key=None, base=None, timeouts_seconds=PATIENCE, web_threads=4))

    with pytest.raises(StripeUnavailable) as caught:
        keyless.get_balance()
    assert not caught.value.was_sent


def test_the_log_holds_ids_and_no_secret(
    gateway: Gateway, stripe_answers: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    stripe_answers.post(
        f"{API}/v1/customers", json=error(code="parameter_unknown"), status=400, headers={"Request-Id": "req_1"}
    )
    with caplog.at_level("DEBUG", logger="randonumber"), pytest.raises(StripeRefused):
        send(gateway)

    (record,) = [one for one in caplog.records if one.name.startswith("randonumber")]
    assert vars(record)["stripe_request_id"] == "req_1"
    assert "sk_test" not in json.dumps(vars(record), default=str)
    assert "a@example.com" not in json.dumps(vars(record), default=str)


def test_a_call_inside_a_transaction_is_refused(committed: Flask, gateway: Gateway) -> None:
    with pytest.raises(TransactionOpen), transaction():
        gateway.get_balance()


def test_a_list_is_read_to_its_last_page(gateway: Gateway, stripe_answers: responses.RequestsMock) -> None:
    first = {"object": "list", "data": [event("evt_3"), event("evt_2")], "has_more": True}
    last = {"object": "list", "data": [event("evt_1")], "has_more": False}
    since = {"limit": "100", "created[gte]": "1700000000"}
    stripe_answers.get(f"{API}/v1/events", json=first, match=[matchers.query_param_matcher(since)])
    following = {**since, "starting_after": "evt_2"}
    stripe_answers.get(f"{API}/v1/events", json=last, match=[matchers.query_param_matcher(following)])

    found = gateway.list_events(from_timestamp(1_700_000_000))

    assert [one.id for one in found] == ["evt_1", "evt_2", "evt_3"], "oldest first"


def event(event_id: str) -> dict[str, Any]:
    return {"id": event_id, "object": "event", "type": "x", "created": 1_700_000_001}


def test_an_object_is_found_by_its_ref_on_a_later_page(
    gateway: Gateway, stripe_answers: responses.RequestsMock
) -> None:
    other = {**CUSTOMER, "id": "cus_2", "metadata": {"ref": "usr_2"}}
    ours = {**CUSTOMER, "metadata": {"ref": "usr_1"}}
    stripe_answers.get(f"{API}/v1/customers", json={"object": "list", "data": [other], "has_more": True})
    stripe_answers.get(f"{API}/v1/customers", json={"object": "list", "data": [ours], "has_more": False})

    assert gateway.find_by_ref("customers", "usr_1", email="a@example.com") == ours


def test_an_id_from_outside_cannot_lead_to_another_path(
    gateway: Gateway, stripe_answers: responses.RequestsMock
) -> None:
    stripe_answers.get(f"{API}/v1/charges/ch_1%2F..%2F..%2Fbalance%3Fx", json=error(), status=404)

    with pytest.raises(StripeNotFound):
        gateway.get_charge("ch_1/../../balance?x")


class TestPatience:
    """A server that takes the connection and never answers."""

    @pytest.fixture
    def silent(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"

    def test_the_web_gives_up_after_its_own_time(self, silent: str) -> None:
        gateway = make_gateway(silent, {"web": (1, 1), "worker": (3, 20)})
        with Flask("web").test_request_context():
            began = time.monotonic()
            with pytest.raises(StripeUnavailable):
                gateway.get_balance()
            assert time.monotonic() - began < 10

    def test_from_the_third_failure_on_the_web_is_answered_at_once(self, silent: str) -> None:
        gateway = make_gateway(silent, {"web": (1, 1), "worker": (3, 20)})
        with Flask("web").test_request_context():
            for _ in range(3):
                with pytest.raises(StripeUnavailable):
                    gateway.get_balance()
            with pytest.raises(StripeUnavailable) as caught:
                gateway.get_balance()
            assert not caught.value.was_sent

    def test_never_more_than_half_of_the_web_threads_wait(self, silent: str) -> None:
        gateway = make_gateway(silent, {"web": (1, 2), "worker": (3, 20)})
        refused: list[StripeUnavailable] = []

        def ask() -> None:
            with Flask("web").test_request_context():
                try:
                    gateway.get_balance()
                except StripeUnavailable as unavailable:
                    if not unavailable.was_sent:
                        refused.append(unavailable)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(refused) == 2

    def test_a_refused_connection_is_known_at_once(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(StripeUnavailable):
            make_gateway(f"http://127.0.0.1:{port}").get_balance()
        assert time.monotonic() - began < 3
