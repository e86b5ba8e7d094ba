"""A page of a list is read from an index and in its order, however much the sandbox holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import inprocess
from randonumber.sandbox.filters import COLUMNS
from randonumber.sandbox.scope import unit
from randonumber.sandbox.wire.lists import page

if TYPE_CHECKING:
    import stripe
    from flask import Flask

KIND = "payout"
FAR = {"limit": 100, "created": {"gte": 5, "lt": 900}}
SPANS = {"arrival_date"}


@pytest.fixture
def plans(sandbox: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What SQLite says of every query that reads rows."""
    store, found = inprocess.sandbox_of(sandbox).store, list[str]()
    read = store.rows

    def explained(sql: str, *values: Any) -> Any:
        found.extend(row["detail"] for row in read(f"EXPLAIN QUERY PLAN {sql}", *values))
        return read(sql, *values)

    monkeypatch.setattr(store, "rows", explained)
    return found


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - SPANS))
@pytest.mark.parametrize("params", [{}, FAR, {"starting_after": "po_5"}, {"ending_before": "po_5", **FAR}], ids=str)
def test_every_filter_has_an_index_in_the_order_of_the_list(
    sandbox: Flask, plans: list[str], name: str, params: Any
) -> None:
    with unit(inprocess.sandbox_of(sandbox), "acct_1") as scope:
        for number in range(10):
            scope.insert({"id": f"po_{number}", "object": KIND, "created": number})
        plans.clear()
        page(scope, KIND, params, url="", equal={name: "x", "currency": "usd"})
    assert len(plans) == 1
    assert plans[0].startswith(f"SEARCH objects USING INDEX objects_by_{name} (account=? AND kind=? AND <expr>=?")


@pytest.mark.parametrize("params", [{}, FAR, {"starting_after": "po_5"}], ids=str)
def test_a_list_without_a_filter_is_read_in_its_order(sandbox: Flask, plans: list[str], params: Any) -> None:
    with unit(inprocess.sandbox_of(sandbox), "acct_1") as scope:
        scope.insert({"id": "po_5", "object": KIND, "created": 5})
        plans.clear()
        page(scope, KIND, params, url="")
    assert len(plans) == 1
    assert plans[0].startswith("SEARCH objects USING INDEX objects_created")


def test_several_types_are_merged_newest_first_page_by_page(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    one = sdk.v1.customers.create({})
    for number in range(5):
        sdk.v1.customers.update(one.id, {"name": str(number)})
        sdk.v1.customers.create({})
    every = [event.id for event in sdk.v1.events.list({"limit": 100}).data]
    wanted: Any = {"types": ["customer.created", "customer.updated", "customer.created"], "limit": 3}
    assert [event.id for event in sdk.v1.events.list(wanted).auto_paging_iter()] == every
    back = sdk.v1.events.list(wanted | {"ending_before": every[5]})
    assert ([event.id for event in back.data], back.has_more) == (every[2:5], True)
    assert [event.id for event in sdk.v1.events.list({"type": "customer.*", "limit": 2}).auto_paging_iter()] == every
