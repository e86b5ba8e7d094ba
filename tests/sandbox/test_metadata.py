from __future__ import annotations

from typing import Any

import pytest
import stripe


def test_metadata_is_merged_and_deleted_by_an_empty_string(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = sdk.v1.customers.update(customer.id, {"metadata": {"b": "", "c": "3"}})
    assert changed.metadata
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}
    emptied = sdk.v1.customers.update(customer.id, {"metadata": ""})
    assert emptied.metadata is not None
    assert emptied.metadata.to_dict() == {}


LIMITS: list[tuple[Any, str]] = [
    ({f"k{number}": "v" for number in range(51)}, "Metadata can only have up to 50 keys. You passed in 51 keys."),
    ({"k" * 41: "v"}, "Metadata keys can be up to 40 characters long"),
    ({"k": "v" * 501}, "Metadata values can have up to 500 characters"),
]


@pytest.mark.parametrize(("given", "message"), LIMITS)
def test_what_is_too_much_is_refused(sdk: stripe.StripeClient, given: Any, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        sdk.v1.customers.create({"metadata": given})


def test_fifty_keys_of_forty_characters_with_five_hundred_each_are_fine(sdk: stripe.StripeClient) -> None:
    given = {f"{number:040}": "v" * 500 for number in range(50)}
    found = sdk.v1.customers.create({"metadata": given}).metadata
    assert found
    assert found.to_dict() == given
