from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import connections, inprocess
from randonumber.sandbox.scope import unit
from randonumber.sandbox.wire.errors import Refused
from randonumber.sandbox.wire.expand import expand
from tests.sandbox.conftest import make_sdk

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def paid(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> Any:
    inprocess.pay(sandbox, session.id)
    return sdk.v1.checkout.sessions.retrieve(session.id)


def test_ids_become_objects_four_levels_deep(sdk: stripe.StripeClient, paid: Any) -> None:
    path = "data.payment_intent.latest_charge.balance_transaction"
    found = sdk.v1.checkout.sessions.list({"expand": [path]}).data[0]
    assert found.payment_intent.latest_charge.balance_transaction.net == 844  # type: ignore[union-attr]


def test_five_levels_are_too_many(sdk: stripe.StripeClient, paid: Any) -> None:
    path = "data.payment_intent.latest_charge.balance_transaction.source"
    with pytest.raises(stripe.InvalidRequestError, match="cannot expand more than 4 levels"):
        sdk.v1.checkout.sessions.list({"expand": [path]})


def test_what_is_left_out_comes_when_asked_for(sdk: stripe.StripeClient, paid: Any) -> None:
    assert "line_items" not in paid
    found = sdk.v1.checkout.sessions.retrieve(paid.id, {"expand": ["line_items.data.price.product"]})
    assert found.line_items.data[0].price.product.name == "10 credits"  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["nonsense", "id", "currency", "", "a..b"])
def test_what_cannot_be_expanded_is_refused(sdk: stripe.StripeClient, paid: Any, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.checkout.sessions.retrieve(paid.id, {"expand": [path]})


def test_a_list_wants_its_data_named(sdk: stripe.StripeClient, paid: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"You may want to try expanding 'data\.customer' instead"):
        sdk.v1.charges.list({"expand": ["customer"]})


def test_a_null_stays_null(sdk: stripe.StripeClient, paid: Any) -> None:
    assert sdk.v1.checkout.sessions.retrieve(paid.id, {"expand": ["customer"]}).customer is None


def test_a_deleted_customer_is_expanded_to_what_is_left(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({})
    intent = sdk.v1.payment_intents.create({"amount": 900, "currency": "usd", "customer": customer.id})
    sdk.v1.customers.delete(customer.id)
    found = sdk.v1.payment_intents.retrieve(intent.id, {"expand": ["customer"]})
    assert found.customer.deleted  # type: ignore[union-attr]


def test_a_create_expands_too(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"name": "Ann"})
    params: Any = {"amount": 900, "currency": "usd", "customer": customer.id, "expand": ["customer"]}
    assert sdk.v1.payment_intents.create(params).customer.name == "Ann"  # type: ignore[union-attr]


def test_what_stands_on_a_connected_account_is_expanded_with_what_it_names_itself(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    """A transfer's payment, and its balance transaction, belong to the account that gets them."""
    platform = sdk.v1.accounts.retrieve_current().id
    with unit(inprocess.sandbox_of(sandbox), platform) as scope:
        connections.connect(scope, "acct_1other")
        there = scope.at(scope.now, "acct_1other")
        there.insert({"id": "txn_1", "object": "balance_transaction", "net": 900})
        there.insert({"id": "py_1", "object": "charge", "balance_transaction": "txn_1", "source_transfer": "tr_1"})
        scope.insert({"id": "tr_1", "object": "transfer", "destination_payment": "py_1"})
        paths = ["destination_payment.balance_transaction", "destination_payment.source_transfer"]
        body: dict[str, Any] = {"object": "transfer", "destination_payment": "py_1"}
        expand(scope, body, paths, {})
        assert body["destination_payment"]["balance_transaction"]["net"] == 900
        assert body["destination_payment"]["source_transfer"]["id"] == "tr_1"


def test_what_stands_on_a_strangers_account_is_not(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    stranger = make_sdk(sandbox, "sk_test_two").v1.customers.create({})
    with (
        unit(inprocess.sandbox_of(sandbox), sdk.v1.accounts.retrieve_current().id) as scope,
        pytest.raises(Refused, match="cannot be expanded"),
    ):
        expand(scope, {"object": "charge", "customer": stranger.id}, ["customer"], {})


def test_what_somebody_wrote_is_no_id(sdk: stripe.StripeClient) -> None:
    other = sdk.v1.customers.create({"email": "other@example.com"})
    shipping: Any = {"name": other.id, "address": {"line1": other.id}}
    written = sdk.v1.customers.create({"shipping": shipping})
    for path in ("shipping.name", "shipping.address.line1"):
        with pytest.raises(stripe.InvalidRequestError, match="This property cannot be expanded"):
            sdk.v1.customers.retrieve(written.id, {"expand": [path]})
