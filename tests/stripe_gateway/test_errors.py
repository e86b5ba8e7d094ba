"""Each way in which Stripe says no, or says nothing: the same whether it is laid out or played.

What the app concludes is in the exception alone: refused means that nothing happened, unavailable that nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from randonumber.stripe_gateway import (
    StripeDenied,
    StripeKeyReused,
    StripeNotFound,
    StripeRefused,
    StripeUnavailable,
)
from tests.stripe_gateway.test_writes import named
from tests.stripe_gateway.ways import SandboxWay, Trouble
from tests.stripe_gateway.world import EMAIL, OBJECTS

if TYPE_CHECKING:
    from tests.stripe_gateway.ways import Way

KEY = "inst:op:ref:1"
CUSTOMER: dict[str, Any] = {"email": EMAIL, "metadata": {"ref": "usr_1"}}


def error(**inner: Any) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "message": "No.", **inner}}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A request that Stripe refuses for what it says, and what is raised."""

    name: str
    operation: str
    params: dict[str, Any]
    path: str
    trouble: Trouble
    raised: type[Exception]
    facts: dict[str, Any]


REFUSALS = [
    Refusal(
        name="an unknown parameter",
        operation="customer.create",
        params={"colour": "red"},
        path="/v1/customers",
        trouble=Trouble(planned=None, body=error(code="parameter_unknown", param="colour")),
        raised=StripeRefused,
        facts={"status": 400, "code": "parameter_unknown", "param": "colour", "decline_code": None},
    ),
    Refusal(
        name="a declined card",
        operation="payment_intent.confirm",
        params={"intent": "{open_intent}", "payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds"},
        path="/v1/payment_intents/{open_intent}/confirm",
        trouble=Trouble(
            planned=None,
            body=error(type="card_error", code="card_declined", decline_code="insufficient_funds"),
            status=402,
        ),
        raised=StripeRefused,
        facts={"status": 402, "code": "card_declined", "decline_code": "insufficient_funds"},
    ),
    Refusal(
        name="a bank that asks its customer who is not there",
        operation="payment_intent.confirm",
        params={
            "intent": "{open_intent}",
            "payment_method": "pm_card_authenticationRequired",
            "off_session": True,
        },
        path="/v1/payment_intents/{open_intent}/confirm",
        trouble=Trouble(
            planned=None,
            body=error(type="card_error", code="authentication_required", decline_code="authentication_required"),
            status=402,
        ),
        raised=StripeRefused,
        facts={"status": 402, "code": "authentication_required"},
    ),
    Refusal(
        name="more than was paid",
        operation="refund.create",
        params={"payment_intent": "{intent}", "amount": 601},
        path="/v1/refunds",
        trouble=Trouble(planned=None, body=error(param="amount")),
        raised=StripeRefused,
        facts={"status": 400, "param": "amount"},
    ),
    Refusal(
        name="an intent that is not there",
        operation="payment_intent.cancel",
        params={"intent": "pi_none"},
        path="/v1/payment_intents/pi_none/cancel",
        trouble=Trouble(planned=None, body=error(code="resource_missing", param="intent"), status=404),
        raised=StripeNotFound,
        facts={"status": 404, "code": "resource_missing", "param": "intent"},
    ),
    Refusal(
        name="cancelling what is paid",
        operation="payment_intent.cancel",
        params={"intent": "{intent}"},
        path="/v1/payment_intents/{intent}/cancel",
        trouble=Trouble(planned=None, body=error(code="payment_intent_unexpected_state")),
        raised=StripeRefused,
        facts={"status": 400, "code": "payment_intent_unexpected_state"},
    ),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_stripes_no_is_final_and_says_why(case: Refusal, way: Way) -> None:
    path = named(case.path, way.ids)
    way.goes_wrong("POST", path, case.trouble)

    with pytest.raises(StripeRefused) as caught:
        way.gateway.send(case.operation, named(case.params, way.ids), KEY)

    assert type(caught.value) is case.raised
    assert {name: getattr(caught.value, name) for name in case.facts} == case.facts
    assert caught.value.message
    assert way.sent[-1].path == path


TROUBLES = {
    "401": (Trouble(planned="error_401", body=error(), status=401), StripeDenied, 401),
    "403": (Trouble(planned="error_403", body=error(), status=403), StripeDenied, 403),
    "409": (
        Trouble(planned="error_409", body=error(type="idempotency_error", code="idempotency_key_in_use"), status=409),
        StripeUnavailable,
        409,
    ),
    "429": (Trouble(planned="error_429", body=error(code="rate_limit"), status=429), StripeUnavailable, 429),
    "500": (Trouble(planned="error_500", body=error(type="api_error"), status=500), StripeUnavailable, 500),
    "500 and done": (
        Trouble(planned="error_500_done", body=error(type="api_error"), status=500),
        StripeUnavailable,
        500,
    ),
    "cut before": (Trouble(planned="reset_before", body=requests.ConnectionError()), StripeUnavailable, None),
    "cut after": (Trouble(planned="reset_after", body=requests.ConnectionError()), StripeUnavailable, None),
    "half an answer": (
        Trouble(planned="truncate", body=requests.exceptions.ChunkedEncodingError()),
        StripeUnavailable,
        None,
    ),
    "a time-out": (Trouble(planned="slow", body=requests.ReadTimeout(), seconds=30), StripeUnavailable, None),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_no_answer_that_settles_anything_is_never_a_refusal(name: str, way: Way) -> None:
    trouble, raised, status = TROUBLES[name]
    way.goes_wrong("POST", "/v1/customers", trouble)

    with pytest.raises(StripeUnavailable) as caught:
        way.gateway.send("customer.create", CUSTOMER, KEY)

    assert type(caught.value) is raised
    assert (caught.value.status, caught.value.was_sent) == (status, True)
    assert len(way.sent) == 1, "the gateway itself sends nothing again"


STICKY = {"500", "500 and done"}


@pytest.mark.parametrize("name", sorted(set(TROUBLES) - STICKY))
def test_the_same_request_again_under_its_key_is_one_object(name: str, way: Way) -> None:
    way.goes_wrong("POST", "/v1/customers", TROUBLES[name][0])
    with pytest.raises(StripeUnavailable):
        way.gateway.send("customer.create", CUSTOMER, KEY)
    way.answers("POST", "/v1/customers", "ann")

    found = way.gateway.send("customer.create", CUSTOMER, KEY)

    one, other = way.sent
    assert (one.params, one.headers["Idempotency-Key"]) == (other.params, KEY)
    assert other.headers["Idempotency-Key"] == KEY
    assert found["email"] == EMAIL
    if isinstance(way, SandboxWay):
        assert len(made(way)) == 1


@pytest.mark.parametrize(("name", "happened"), [("500", 0), ("500 and done", 1)])
def test_a_500_stays_under_its_key_and_only_a_look_up_tells(name: str, happened: int, way: Way) -> None:
    late = {"email": "late@example.com", "metadata": {"ref": "usr_late"}}
    way.goes_wrong("POST", "/v1/customers", TROUBLES[name][0])
    for _ in range(3):
        with pytest.raises(StripeUnavailable) as caught:
            way.gateway.send("customer.create", late, KEY)
        assert caught.value.status == 500
    holds = [OBJECTS["ann"] | late] * happened
    page = {"object": "list", "url": "/v1/customers", "has_more": False, "data": holds}
    way.answers("GET", "/v1/customers", page, limit="100", email="late@example.com")

    found = way.gateway.find_by_ref("customers", "usr_late", email="late@example.com")

    assert (found is not None) == bool(happened)


def made(way: SandboxWay) -> list[Any]:
    """What came of the requests under the key; the story's own customer stands aside."""
    listed: Any = way.sdk.v1.customers.list({"email": EMAIL})
    return [one for one in listed.data if one.id != way.ids["ann"]]


def test_a_key_that_comes_with_other_parameters_is_our_bug_and_no_refusal(way: Way) -> None:
    way.answers("POST", "/v1/customers", "ann")
    way.gateway.send("customer.create", CUSTOMER, KEY)
    reused = Trouble(planned=None, body=error(type="idempotency_error"))
    way.goes_wrong("POST", "/v1/customers", reused)

    with pytest.raises(StripeKeyReused) as caught:
        way.gateway.send("customer.create", {"email": "other@example.com"}, KEY)
    assert caught.value.status == 400


@pytest.mark.parametrize("name", TROUBLES)
def test_a_read_that_brings_nothing_settles_nothing(name: str, way: Way) -> None:
    trouble, raised, status = TROUBLES[name]
    path = f"/v1/charges/{way.ids['charge']}"
    way.goes_wrong("GET", path, trouble)

    with pytest.raises(StripeUnavailable) as caught:
        way.gateway.get_charge(way.ids["charge"])
    assert (type(caught.value), caught.value.status) == (raised, status)

    way.answers("GET", path, OBJECTS["charge"])
    assert way.gateway.get_charge(way.ids["charge"]).amount == 900
