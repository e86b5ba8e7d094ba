"""Every operation offered is driven through the official SDK, and answers with the keys of Stripe's own example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import resources
from randonumber.sandbox.spec import description
from randonumber.sandbox.spec.prune import HERE, offered
from tests.sandbox.conftest import stripe_objects
from tests.sandbox.driven import ADDRESSES, OPERATIONS
from tests.sandbox.driven.drive import Drive

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

# Refused as Stripe refuses it; the SDK has no method for it any more.
RAW = {"POST /v1/charges"}

# Keys of Stripe's examples, at any depth, that the sandbox's objects leave out, and why.
LEFT_OUT = {
    "charge": {"refunds"},  # Stripe leaves it out too unless it is expanded, since 2022-11-15
    "event": {"data.object"},  # the example's is a plan; each kind of object is held to its own example
    "payment_method": {"metadata.order_id"},  # whoever made the example put it there
}


@pytest.fixture
def drive(sandbox: Flask, sdk: stripe.StripeClient) -> Drive:
    return Drive(sandbox, sdk)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_answers_the_sdk_and_passes_stripes_description(drive: Drive, name: str) -> None:
    answer = OPERATIONS[name](drive)
    assert answer.last_response.code == 200
    for one in answer.data if getattr(answer, "object", "") == "list" else [answer]:
        found = one.to_dict()
        kind = found["object"]
        example = stripe_objects()["deleted_" + kind if found.get("deleted") else kind]
        assert unexplained(missing_keys(example, found), LEFT_OUT.get(kind, set())) == set(), name


def missing_keys(example: Any, found: Any, path: str = "") -> set[str]:
    """Where the first has a key that the second has not, down to where one of them is no object."""
    if isinstance(example, list) and isinstance(found, list) and example:
        return {missing for one in found for missing in missing_keys(example[0], one, path)}
    if not (isinstance(example, dict) and isinstance(found, dict)):
        return set()
    both, start = set(example) & set(found), f"{path}." if path else ""
    deeper = {missing for name in both for missing in missing_keys(example[name], found[name], start + name)}
    return deeper | {start + name for name in set(example) - both}


def unexplained(missing: set[str], explained: set[str]) -> set[str]:
    """The first without what is, or lies within, one of the second."""
    return {one for one in missing if not any(f"{one}.".startswith(f"{path}.") for path in explained)}


def test_the_table_above_holds_every_operation_offered() -> None:
    listed = {
        f"{method.upper()} {path}" for method, path in offered((HERE / "operations.txt").read_text().splitlines())
    }
    described = {operation.name for operation in description.load().operations}
    assert set(OPERATIONS) | RAW == listed == described == set(resources.HANDLERS)
    assert set(ADDRESSES) == {name.split()[1] for name in listed if "{" in name}


def test_a_charge_without_an_intent_is_refused_as_stripe_does(raw: Callable[..., Any]) -> None:
    token = raw("POST", "/v1/charges", data={"amount": "900", "currency": "usd", "source": "tok_visa"})
    assert token.status_code == 400
    assert token.json["error"]["message"].startswith(
        "Card Token usage on the Customers API and Charges API has reached"
    )
    bare = raw("POST", "/v1/charges", data={"amount": "900", "currency": "usd"})
    assert (bare.status_code, bare.json["error"]["message"]) == (400, "Must provide source or customer.")


def test_charges_are_changed_in_words_only(drive: Drive) -> None:
    changed = drive.v1.charges.update(drive.charge.id, {"description": "new", "metadata": {"a": "1"}})
    assert (changed.description, changed.amount) == ("new", 900)
    with pytest.raises(stripe.InvalidRequestError, match="The sandbox does not do"):
        drive.v1.charges.update(drive.charge.id, {"customer": drive.customer.id})
