from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def names(sdk: stripe.StripeClient) -> list[str]:
    """Ids of 25 customers, newest first."""
    return [sdk.v1.customers.create({"name": str(number)}).id for number in range(25)][::-1]


def ids(found: Any) -> list[str]:
    return [one.id for one in found.data]


def test_a_list_is_newest_first_ten_at_a_time(sdk: stripe.StripeClient, names: list[str]) -> None:
    found = sdk.v1.customers.list()
    assert ids(found) == names[:10]
    assert found.has_more
    assert found.url == "/v1/customers"


def test_a_walk_forward_sees_each_once(sdk: stripe.StripeClient, names: list[str]) -> None:
    assert [one.id for one in sdk.v1.customers.list({"limit": 7}).auto_paging_iter()] == names


def test_a_step_back_gives_the_page_just_before(sdk: stripe.StripeClient, names: list[str]) -> None:
    found = sdk.v1.customers.list({"limit": 5, "ending_before": names[10]})
    assert ids(found) == names[5:10]
    assert found.has_more
    assert not sdk.v1.customers.list({"limit": 10, "ending_before": names[10]}).has_more


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-3, 1), (101, 100)])
def test_a_limit_is_clamped_in_silence(sandbox: Flask, sdk: stripe.StripeClient, asked: int, given: int) -> None:
    for _ in range(101):
        sdk.v1.customers.create({})
    assert len(sdk.v1.customers.list({"limit": asked}).data) == given


def test_a_deleted_object_still_marks_its_place(sdk: stripe.StripeClient, names: list[str]) -> None:
    sdk.v1.customers.delete(names[4])
    assert ids(sdk.v1.customers.list({"starting_after": names[4], "limit": 2})) == names[5:7]
    assert names[4] not in ids(sdk.v1.customers.list())


def test_an_unknown_cursor_is_400_about_the_cursor(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.customers.list({"starting_after": "cus_aaa"})
    assert refused.value.http_status == 400
    assert refused.value.code == "resource_missing"
    assert refused.value.param == "starting_after"
    assert refused.value.user_message == "No such customer: 'cus_aaa'"


def test_both_cursors_at_once_are_refused(sdk: stripe.StripeClient, names: list[str]) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Please pass in only one"):
        sdk.v1.customers.list({"starting_after": names[0], "ending_before": names[1]})


def test_created_filters_by_the_sandboxs_time(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    old = sdk.v1.customers.create({})
    inprocess.advance(sandbox, 1000)
    new = sdk.v1.customers.create({})
    middle = old.created + 500
    assert ids(sdk.v1.customers.list({"created": {"gte": middle}})) == [new.id]
    assert ids(sdk.v1.customers.list({"created": {"lt": middle}})) == [old.id]
    assert ids(sdk.v1.customers.list({"created": old.created})) == [old.id]
    assert ids(sdk.v1.customers.list({"created": {"gt": old.created, "lte": new.created}})) == [new.id]


def test_filters_are_equalities(sdk: stripe.StripeClient) -> None:
    one = sdk.v1.customers.create({"email": "a@example.com"})
    sdk.v1.customers.create({"email": "b@example.com"})
    assert ids(sdk.v1.customers.list({"email": "a@example.com"})) == [one.id]
    assert ids(sdk.v1.customers.list({"email": "' OR 1=1 --"})) == []
