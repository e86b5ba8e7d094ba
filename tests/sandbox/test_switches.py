from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import inprocess

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe
    from flask import Flask


def test_config_tells_what_the_app_has_to_know(raw: Callable[..., Any]) -> None:
    config = raw("GET", "/_sandbox/config").json
    assert config["endpoints"][0] == {
        "url": "http://127.0.0.1:5000/webhooks/stripe",
        "secret": "whsec_sandbox",
        "connect": False,
    }
    assert config["keys"] == {"secret": "sk_test_sandbox", "publishable": "pk_test_sandbox"}
    assert config["client_id"] == "ca_sandbox"
    assert raw("GET", config["stripe_js"].removeprefix("http://127.0.0.1:5001")).status_code == 200


def test_the_clock_moves_objects_and_leaves_headers_real(raw: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    before = raw("GET", "/_sandbox/config").json["clock"]
    after = raw("POST", "/_sandbox/clock", json={"advance_seconds": 604800}).json["clock"]
    assert 604800 <= after - before < 604800 + 60
    customer = sdk.v1.customers.create({})
    assert after <= customer.created < after + 60
    assert customer.last_response
    assert "Date" in customer.last_response.headers


@pytest.mark.parametrize("seconds", [-1, 1.5, "60", True, None, 10**12])
def test_a_clock_cannot_be_moved_oddly(raw: Callable[..., Any], seconds: Any) -> None:
    assert raw("POST", "/_sandbox/clock", json={"advance_seconds": seconds}).status_code == 400


def test_a_clock_stops_where_its_dates_can_still_be_written(
    raw: Callable[..., Any], page: Callable[..., Any], sdk: stripe.StripeClient
) -> None:
    for _ in range(99):
        now = raw("POST", "/_sandbox/clock", json={"advance_seconds": 10 * 365 * 86400}).json["clock"]
    assert abs(now - 32503680000) < 5
    sdk.v1.customers.create()
    assert "3000-01-01" in page("/dashboard").text


def test_a_body_without_an_end_is_refused(raw: Callable[..., Any]) -> None:
    answer = raw("POST", "/_sandbox/faults", data="[" * 100_000, content_type="application/json")
    assert (answer.status_code, answer.json) == (400, {"error": "Send a JSON object."})


def test_reset_forgets_everything(raw: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    sdk.v1.customers.create({}, {"idempotency_key": "k"})
    raw("POST", "/_sandbox/clock", json={"advance_seconds": 1000})
    raw("POST", "/_sandbox/faults", json={"operation": "*", "fault": "reset_before", "times": 5})
    assert raw("POST", "/_sandbox/reset", json={}).status_code == 200
    assert sdk.v1.customers.list().data == []
    assert sdk.v1.events.list().data == []
    assert raw("GET", "/_sandbox/faults").json == {"faults": []}
    sdk.v1.customers.create({"name": "another"}, {"idempotency_key": "k"})


def test_an_event_is_delivered_again_on_demand(
    sandbox: Flask, raw: Callable[..., Any], sdk: stripe.StripeClient
) -> None:
    sdk.v1.customers.create({})
    inprocess.deliveries(sandbox)
    event = sdk.v1.events.list().data[0].id
    assert raw("POST", f"/_sandbox/events/{event}/resend", json={}).json == {"deliveries": 1}
    assert [one.event_id for one in inprocess.deliveries(sandbox)] == [event]
    assert raw("POST", "/_sandbox/events/evt_none/resend", json={}).status_code == 404


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"data": {"advance_seconds": "5"}}, 415),
    ({"data": '{"advance_seconds": 5}', "content_type": "text/plain"}, 415),
    ({"data": "{", "content_type": "application/json"}, 400),
    ({"json": [1]}, 400),
    ({"json": {"advance_seconds": 5}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    ({"json": {"advance_seconds": 5}, "headers": {"Origin": "https://evil.example"}}, 403),
    ({"json": {"advance_seconds": 5}, "headers": {"Origin": "null"}}, 403),
    ({"json": {"advance_seconds": 5}, "headers": {"Host": "evil.example"}}, 403),
]


@pytest.mark.parametrize(("request_", "status"), REFUSED)
def test_switches_take_json_from_this_machine_alone(raw: Callable[..., Any], request_: Any, status: int) -> None:
    assert raw("POST", "/_sandbox/clock", **request_).status_code == status


def test_an_unknown_switch_is_404(raw: Callable[..., Any]) -> None:
    assert raw("GET", "/_sandbox/nonsense").status_code == 404
