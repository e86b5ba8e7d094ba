"""Challenges and what the clock does, overtaken by something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import create_sandbox
from randonumber.sandbox.inprocess import advance, answer_challenge, sandbox_of
from randonumber.sandbox.scope import schedule, unit
from tests.sandbox.conftest import ENDPOINTS, SESSION, make_sdk

if TYPE_CHECKING:
    from flask import Flask

RETURN = "https://shop.example/done"
ASKING = {"type": "card", "card": {"number": "4000002760003184", "exp_month": 12, "exp_year": 2040, "cvc": "123"}}


@pytest.fixture
def method(sdk: Any) -> str:
    """A card of nobody's yet that is always asked for 3-D Secure."""
    return str(sdk.v1.payment_methods.create(ASKING).id)


def paying(sdk: Any, method: str, **more: Any) -> str:
    """The id of an intent whose buyer is being asked."""
    params = {"amount": 900, "currency": "usd", "payment_method": method, "confirm": True, "return_url": RETURN}
    return str(sdk.v1.payment_intents.create(params | more).id)


def saving(sdk: Any, method: str, customer: str) -> str:
    params = {"customer": customer, "payment_method": method, "confirm": True, "return_url": RETURN}
    return str(sdk.v1.setup_intents.create(params).id)


def outcome(sandbox: Flask, intent: str) -> str:
    """How a challenge that the buyer passes ends."""
    target = answer_challenge(sandbox, f"http://127.0.0.1:5001/challenge/{intent}")
    assert target
    return target.rpartition("redirect_status=")[2]


def test_a_card_that_two_payments_ask_about_pays_once(sandbox: Flask, sdk: Any, method: str) -> None:
    first, second = paying(sdk, method), paying(sdk, method)
    assert [outcome(sandbox, intent) for intent in (second, first)] == ["succeeded", "failed"]
    assert sdk.v1.payment_intents.retrieve(first).status == "requires_payment_method"
    assert len(sdk.v1.charges.list().data) == 1


def test_a_card_is_saved_for_one_customer(sandbox: Flask, sdk: Any, method: str) -> None:
    owners = [sdk.v1.customers.create().id for _ in range(2)]
    first, second = (saving(sdk, method, owner) for owner in owners)
    assert [outcome(sandbox, intent) for intent in (second, first)] == ["succeeded", "failed"]
    assert sdk.v1.payment_methods.retrieve(method).customer == owners[1]


def test_a_deleted_customer_gets_no_card_and_what_they_owed_is_paid(sandbox: Flask, sdk: Any, method: str) -> None:
    customer = sdk.v1.customers.create().id
    paid = paying(sdk, method, customer=customer, setup_future_usage="off_session")
    other = sdk.v1.payment_methods.create(ASKING).id
    saved = saving(sdk, other, customer)
    sdk.v1.customers.delete(customer)
    assert [outcome(sandbox, intent) for intent in (paid, saved)] == ["succeeded", "succeeded"]
    assert [sdk.v1.payment_methods.retrieve(one).customer for one in (method, other)] == [None, None]


def test_a_session_that_expires_while_its_buyer_is_asked_is_not_paid(sandbox: Flask, sdk: Any) -> None:
    session = sdk.v1.checkout.sessions.create(SESSION)
    form = {"email": "a@example.com", "card_number": ASKING["card"]["number"], "exp": "12/40", "cvc": "123"}  # type: ignore[index]
    answer = sandbox.test_client().post(f"/checkout/{session.id}", data=form | {"action": "pay"})
    advance(sandbox, 2 * 86400)
    assert answer_challenge(sandbox, answer.headers["Location"]) is None
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert not sdk.v1.charges.list().data


def test_what_cannot_happen_any_more_holds_nothing_up(capsys: pytest.CaptureFixture[str]) -> None:
    sandbox = create_sandbox(endpoints=ENDPOINTS)
    sdk: Any = make_sdk(sandbox)
    with unit(sandbox_of(sandbox), "acct_1") as scope:
        schedule(scope, scope.now + 5, "payout_arrives", "po_nowhere")
    session = sdk.v1.checkout.sessions.create(SESSION)
    advance(sandbox, 2 * 86400)
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert "payout_arrives of po_nowhere: No such payout" in capsys.readouterr().err
