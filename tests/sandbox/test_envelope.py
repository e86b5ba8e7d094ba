"""Whatever comes in below /v1 is answered in Stripe's envelope, never with a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FORM = "application/x-www-form-urlencoded"


def test_an_unknown_address_is_404_in_stripes_words(raw: Callable[..., Any]) -> None:
    answer = raw("GET", "/v1/nonsense")
    assert answer.status_code == 404
    assert answer.json["error"]["message"].startswith("Unrecognized request URL (GET: /v1/nonsense). Please see ")
    assert answer.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_a_method_that_is_not_offered_is_404(raw: Callable[..., Any], method: str) -> None:
    assert raw(method, "/v1/customers").status_code == 404


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/customers/", "/v1/customers/a/b/c", "/v1/%00", "/v1/" + "x" * 5000]
)
def test_odd_addresses_are_404(raw: Callable[..., Any], path: str) -> None:
    answer = raw("GET", path)
    assert answer.status_code == 404
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["error"]["message"].startswith("Unrecognized request URL (GET: /v1")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"email": "a@example.com"}', "application/json"),
        (b"email=a", "text/plain"),
        (b"email=a", "multipart/form-data; boundary=x"),
        (b"\xff\xfe", FORM),
        (b"email=%ff%fe", FORM),
        (b"email[=x", FORM),
        (b"a&" * 3000, FORM),
        (b"email=a%00b", FORM),
        (b"[" * 1000, FORM),
        (b"metadata" + b"[a]" * 500 + b"=1", FORM),
    ],
)
def test_a_broken_body_is_400(raw: Callable[..., Any], body: bytes, content_type: str) -> None:
    answer = raw("POST", "/v1/customers", data=body, content_type=content_type)
    assert answer.status_code == 400
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["error"]["request_log_url"].startswith("http://127.0.0.1:5001/dashboard/requests/req_")


def test_ten_megabytes_are_413(raw: Callable[..., Any]) -> None:
    answer = raw("POST", "/v1/customers", data=b"a=" + b"x" * 10_000_000, content_type=FORM)
    assert answer.status_code == 413
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_answers_carry_stripes_headers(raw: Callable[..., Any]) -> None:
    answer = raw("GET", "/v1/customers")
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-08-26.dahlia"
    assert answer.headers["Date"].endswith("GMT")
    assert answer.mimetype == "application/json"


def test_the_version_asked_for_is_echoed(raw: Callable[..., Any]) -> None:
    answer = raw("GET", "/v1/customers", headers={"Stripe-Version": "2025-03-31.basil"})
    assert answer.headers["Stripe-Version"] == "2025-03-31.basil"


def test_a_version_that_cannot_be_one_is_refused(raw: Callable[..., Any]) -> None:
    answer = raw("GET", "/v1/customers", headers={"Stripe-Version": "not-a-real-version"})
    assert answer.status_code == 400
    assert answer.json["error"]["message"] == "Invalid Stripe API version: not-a-real-version"


def test_a_foreign_host_is_refused(sandbox: Any) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "[bad", ""):
        answer = sandbox.test_client().get("/v1/customers", headers={"Host": host})
        assert answer.status_code in (400, 403), host


def test_loopback_names_are_answered(sandbox: Any) -> None:
    for host in ("localhost:5001", "127.0.0.1", "[::1]:5001"):
        assert sandbox.test_client().get("/dashboard", headers={"Host": host}).status_code == 200, host


def test_the_body_of_an_error_is_in_stripes_shape(raw: Callable[..., Any]) -> None:
    error = raw("POST", "/v1/payment_intents", data={"amount": "900"}).json["error"]
    del error["request_log_url"]
    assert error == {
        "code": "parameter_missing",
        "doc_url": "https://stripe.com/docs/error-codes/parameter-missing",
        "message": "Missing required param: currency.",
        "param": "currency",
        "type": "invalid_request_error",
    }
