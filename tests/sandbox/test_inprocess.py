from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import create_sandbox, inprocess
from randonumber.sandbox.inprocess import AnsweredWrongly, SandboxHTTPClient
from randonumber.sandbox.resources import HANDLERS
from randonumber.sandbox.wire import dispatch
from tests.sandbox.conftest import SESSION, make_sdk

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask


def test_a_wrong_answer_of_a_strict_sandbox_is_raised(sandbox: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "GET /v1/balance", lambda *_: {"object": "balance"})
    with pytest.raises(AnsweredWrongly, match="InvalidAnswer: GET /v1/balance"):
        make_sdk(sandbox).v1.balance.retrieve()
    assert make_sdk(create_sandbox(strict=False)).v1.balance.retrieve().object == "balance"


def test_a_wrong_answer_is_not_kept_and_leaves_nothing(sandbox: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = make_sdk(sandbox)

    def complain(*_: Any) -> None:
        raise dispatch.InvalidAnswer

    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "check", complain)
        with pytest.raises(AnsweredWrongly):
            sdk.v1.customers.create({}, {"idempotency_key": "k"})
    assert sdk.v1.customers.list().data == []
    assert sdk.v1.customers.create({}, {"idempotency_key": "k"}).id


def test_over_the_wire_a_wrong_answer_is_a_500_that_says_why(
    raw: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(HANDLERS, "GET /v1/balance", lambda *_: {"object": "balance"})
    answer = raw("GET", "/v1/balance")
    assert answer.status_code == 500
    assert answer.json["error"]["type"] == "api_error"
    assert "is a required property" in answer.json["error"]["message"]
    assert "InvalidAnswer" in capsys.readouterr().err


def test_state_in_a_file_is_there_for_the_next_one(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "sandbox.sqlite3"
    first = create_sandbox(database=file)
    session = make_sdk(first).v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    inprocess.advance(first, 60)
    inprocess.sandbox_of(first).store.close()
    again = create_sandbox(database=file)
    assert make_sdk(again).v1.checkout.sessions.retrieve(session.id).status == "open"
    assert inprocess.now(again) >= session.created + 60
    inprocess.sandbox_of(again).store.close()


def test_sandboxes_do_not_meet(sandbox: Flask) -> None:
    make_sdk(sandbox).v1.customers.create({})
    assert make_sdk(create_sandbox()).v1.customers.list().data == []


def test_addresses_follow_the_base_given() -> None:
    app = create_sandbox(base_url="http://localhost:7777/")
    session = make_sdk(app).v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    assert str(session.url).startswith("http://localhost:7777/checkout/cs_test_")
    assert inprocess.pay(app, str(session.url))


def test_a_buyer_may_leave(sandbox: Flask, session: Any) -> None:
    assert inprocess.leave(sandbox, session.id) == "http://127.0.0.1:5000/cancelled"


@pytest.mark.parametrize(("challenge", "ends"), [("complete", "/done?session="), ("fail", "/checkout/")])
def test_a_buyer_may_pass_or_fail_a_challenge(sandbox: Flask, session: Any, challenge: str, ends: str) -> None:
    assert ends in str(inprocess.pay(sandbox, session.id, card="4000002500003155", challenge=challenge))


def test_the_sdk_retries_a_cut_line_with_the_same_key(sandbox: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_: 0)
    sdk = stripe.StripeClient("sk_test_one", http_client=SandboxHTTPClient(sandbox), max_network_retries=2)
    inprocess.add_fault(sandbox, "POST /v1/customers", "reset_after", times=2)
    sdk.v1.customers.create({})
    assert len(sdk.v1.customers.list().data) == 1


def test_a_stream_reads_the_same_answer(sandbox: Flask) -> None:
    client = SandboxHTTPClient(sandbox)
    body, status, headers = client.request_stream("get", "http://x/v1/balance", {"Authorization": "Bearer sk_test_one"})
    assert (status, headers["content-type"]) == (200, "application/json")
    assert b'"object": "balance"' in body.read()
