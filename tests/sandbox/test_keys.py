from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.conftest import make_sdk

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


def test_no_key_is_401_in_stripes_words(raw: Callable[..., Any]) -> None:
    answer = raw("GET", "/v1/customers", headers={"Authorization": None})
    assert answer.status_code == 401
    assert answer.json["error"]["message"].startswith(
        "You did not provide an API key. You need to provide your API key"
    )
    assert answer.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("key", ["sk_live_1234567890", "sk_test_", "nonsense", "sk_test_ü", "Bearer", "sk_test_a b"])
def test_a_wrong_key_is_401_and_shown_back_masked(raw: Callable[..., Any], key: str) -> None:
    answer = raw("GET", "/v1/customers", headers={"Authorization": f"Bearer {key}".encode().decode("latin-1")})
    assert answer.status_code == 401
    assert answer.json["error"]["message"].startswith("Invalid API Key provided: ")
    assert "1234567890" not in answer.text


def test_basic_authorization_takes_the_key_as_user(raw: Callable[..., Any]) -> None:
    credentials = base64.b64encode(b"sk_test_one:").decode()
    assert raw("GET", "/v1/customers", headers={"Authorization": f"Basic {credentials}"}).status_code == 200
    for wrong in ("%%%", "é", "4pyT4pyT/w=="):
        assert raw("GET", "/v1/customers", headers={"Authorization": f"Basic {wrong}"}).status_code == 401


def test_each_key_is_an_account_of_its_own(sandbox: Flask) -> None:
    one, other = make_sdk(sandbox, "sk_test_one"), make_sdk(sandbox, "sk_test_other")
    customer = one.v1.customers.create({})
    assert one.v1.accounts.retrieve_current().id != other.v1.accounts.retrieve_current().id
    assert other.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        other.v1.customers.retrieve(customer.id)


def test_a_publishable_key_opens_only_what_stripe_lets_it(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    page = make_sdk(sandbox, "pk_test_one")
    with pytest.raises(stripe.PermissionError, match="cannot be made with a publishable API key"):
        page.v1.customers.list()
    intent = sdk.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    assert intent.client_secret
    found = page.v1.payment_intents.retrieve(intent.id, {"client_secret": intent.client_secret})
    assert found.id == intent.id
    with pytest.raises(stripe.InvalidRequestError, match="client_secret provided does not match"):
        page.v1.payment_intents.retrieve(intent.id, {"client_secret": "pi_x_secret_y"})


def test_a_publishable_key_without_the_client_secret_reads_nothing(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="client_secret"):
        make_sdk(sandbox, "pk_test_one").v1.payment_intents.retrieve(intent.id)


def test_an_unknown_stripe_account_is_refused(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError, match="does not have access to account 'acct_foreign'"):
        sdk.v1.customers.list(options={"stripe_account": "acct_foreign"})


def test_ones_own_stripe_account_is_accepted(sdk: stripe.StripeClient) -> None:
    own = sdk.v1.accounts.retrieve_current().id
    assert sdk.v1.customers.list(options={"stripe_account": own}).data == []
