"""Looking an object up by its ref, and lists of several pages: the same whether Stripe is laid out or played."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import clock
from randonumber.stripe_gateway import Gateway, StripeNotFound
from randonumber.stripe_gateway.client import LISTS
from tests.stripe_gateway import world
from tests.stripe_gateway.test_writes import named

if TYPE_CHECKING:
    from tests.stripe_gateway.ways import Way

FINDS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "accounts": ("/v1/accounts", {"created": {"gte": world.SINCE}}, "seller", "pac_1"),
    "checkout_sessions": ("/v1/checkout/sessions", {"customer": "{ann}"}, "session", "pur_2"),
    "customers": ("/v1/customers", {"email": world.EMAIL}, "ann", "usr_1"),
    "payment_intents": ("/v1/payment_intents", {"customer": "{ann}"}, "intent", "pur_1"),
    "refunds": ("/v1/refunds", {"payment_intent": "{intent}"}, "refund", "ref_1"),
    "setup_intents": ("/v1/setup_intents", {"customer": "{ann}"}, "setup_intent", "set_1"),
    "transfers": ("/v1/transfers", {"transfer_group": "wd_1"}, "transfer", "wd_1"),
}


def test_every_list_for_look_ups_is_here() -> None:
    assert set(FINDS) == set(LISTS)


@pytest.mark.parametrize("kind", FINDS)
def test_an_object_is_found_by_its_ref_among_its_owners(kind: str, way: Way) -> None:
    path, filters, name, ref = FINDS[kind]
    query = named(filters, way.ids)
    others = ["open_intent"] if kind == "payment_intents" else []
    way.lists(path, [*others, name], **on_the_wire(query))

    found = way.gateway.find_by_ref(kind, ref, **query)

    assert found is not None
    assert found["id"] == way.ids[name]
    assert [(one.path, one.params) for one in way.sent] == [(path, {"limit": "100", **on_the_wire(query)})]
    assert way.gateway.find_by_ref(kind, "another", **query) is None


def on_the_wire(query: dict[str, Any]) -> dict[str, str]:
    """Return filters as an address carries them: `created[gte]`."""
    flat: dict[str, str] = {}
    for name, value in query.items():
        flat |= (
            {f"{name}[{inner}]": str(one) for inner, one in value.items()} if isinstance(value, dict) else {name: value}
        )
    return flat


def test_a_list_is_read_to_its_last_page(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Gateway.__module__], "PAGE_SIZE", 1)
    ann, card = way.ids["ann"], way.ids["card"]
    path, query = "/v1/payment_intents", {"customer": ann}
    page = {"object": "list", "url": path, "has_more": True, "data": [world.OBJECTS["open_intent"]]}
    following = {**query, "limit": "1", "starting_after": way.ids["open_intent"]}
    way.answers("GET", path, page, limit="1", **query)
    way.answers("GET", path, page | {"has_more": False, "data": [world.OBJECTS["intent"]]}, **following)

    found = way.gateway.find_by_ref("payment_intents", "pur_1", customer=ann)

    assert found is not None
    assert (found["id"], found["payment_method"]) == (way.ids["intent"], card)
    assert [one.params for one in way.sent] == [{**query, "limit": "1"}, following]


def test_the_cards_of_a_customer_who_is_not_there_are_not_there(way: Way) -> None:
    error = {"code": "resource_missing", "param": "id", "message": "No such customer: 'cus_none'"}
    way.refuses("GET", "/v1/customers/cus_none/payment_methods", 404, **error)
    with pytest.raises(StripeNotFound) as caught:
        way.gateway.list_cards("cus_none")
    assert (caught.value.code, caught.value.param, caught.value.message) == tuple(error.values())


def test_clocks_are_compared_by_the_date_of_an_answer(way: Way) -> None:
    way.answers("GET", "/v1/account", "account")
    assert -2 <= way.gateway.clock_drift_seconds() <= 2


def test_stripes_clock_has_reached_what_stripe_itself_has_named(way: Way) -> None:
    event = world.example("event", created=world.SINCE)
    way.answers(
        "GET", "/v1/events", {"object": "list", "url": "/v1/events", "has_more": False, "data": [event]}, limit="1"
    )
    reached = way.gateway.reached_at()
    assert clock.from_timestamp(world.SINCE) <= reached <= clock.now() + timedelta(seconds=2)
    [request] = way.sent
    assert (request.path, request.params) == ("/v1/events", {"limit": "1"})
