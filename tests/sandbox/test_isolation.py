"""What belongs to one account is seen by that account alone, and by its platform through `Stripe-Account`."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import connections, inprocess
from randonumber.sandbox.scope import unit
from tests.sandbox.conftest import ENDPOINTS, make_sdk, types

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

PLATFORM, CONNECT = ENDPOINTS
HOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
def account(sandbox: Flask, sdk: stripe.StripeClient) -> str:
    """A connected account whose own making has been delivered."""
    made: str = sdk.v1.accounts.create({"type": "express"}).id
    inprocess.deliveries(sandbox)
    return made


def make_on(sdk: stripe.StripeClient, account: str, name: str = "x", key: str | None = None) -> Any:
    options: Any = {"stripe_account": account} | ({"idempotency_key": key} if key else {})
    return sdk.v1.customers.create({"name": name}, options)


def test_ids_and_lists_are_kept_apart_both_ways(sdk: stripe.StripeClient, account: str) -> None:
    own, other = sdk.v1.customers.create({}), make_on(sdk, account)
    there: Any = {"stripe_account": account}
    assert [one.id for one in sdk.v1.customers.list().data] == [own.id]
    assert [one.id for one in sdk.v1.customers.list(options=there).data] == [other.id]
    cases: list[tuple[str, Any]] = [(other.id, {}), (own.id, there)]
    for customer, options in cases:
        with pytest.raises(stripe.InvalidRequestError, match="No such customer") as refused:
            sdk.v1.customers.retrieve(customer, options=options)
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as cursor:
        sdk.v1.customers.list({"starting_after": other.id})
    assert cursor.value.param == "starting_after"


def test_one_key_on_two_accounts_is_two_requests(sdk: stripe.StripeClient, account: str) -> None:
    own = sdk.v1.customers.create({"name": "a"}, {"idempotency_key": "k"})
    other = make_on(sdk, account, "b", key="k")
    assert own.id != other.id
    assert make_on(sdk, account, "b", key="k").id == other.id


def test_events_are_kept_apart_and_name_the_account(sdk: stripe.StripeClient, account: str) -> None:
    make_on(sdk, account)
    assert "customer.created" not in types(sdk)
    (event,) = sdk.v1.events.list({"type": "customer.created"}, {"stripe_account": account}).data
    assert event.account == account
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        sdk.v1.events.retrieve(event.id)


def sent(sandbox: Flask) -> dict[str, list[str]]:
    """The types of what is delivered, by address; each is signed for its own endpoint."""
    found: dict[str, list[str]] = {}
    for one in inprocess.deliveries(sandbox):
        found.setdefault(one.url, []).append(json.loads(one.body)["type"])
    return found


def hook(sdk: stripe.StripeClient, path: str, *, account: str | None = None, **more: Any) -> Any:
    params: Any = {"url": HOOK + path, "enabled_events": ["customer.created"], **more}
    return sdk.v1.webhook_endpoints.create(params, {"stripe_account": account} if account else {})


def test_connected_accounts_tell_the_connect_endpoints_alone(
    sandbox: Flask, sdk: stripe.StripeClient, account: str
) -> None:
    own, connect = hook(sdk, "/own"), hook(sdk, "/connect", connect=True)
    account_s = hook(sdk, "/theirs", account=account)
    other = hook(make_sdk(sandbox, "sk_test_two"), "/other", connect=True)
    assert len({own.secret, connect.secret, account_s.secret, other.secret}) == 4
    sdk.v1.customers.create({})
    assert set(sent(sandbox)) == {PLATFORM.url, HOOK + "/own"}
    customer = make_on(sdk, account)
    pending = inprocess.deliveries(sandbox, acknowledge=False)
    assert {one.url for one in pending} == {CONNECT.url, HOOK + "/connect", HOOK + "/theirs"}
    mine = next(one for one in pending if one.url == HOOK + "/connect")
    event = stripe.Webhook.construct_event(mine.body, mine.headers["Stripe-Signature"], str(connect.secret))
    assert event.account == account
    inprocess.deliveries(sandbox)
    sdk.v1.customers.delete(customer.id, options={"stripe_account": account})
    assert sent(sandbox) == {CONNECT.url: ["customer.deleted"]}, "what was not asked for is not sent"


def test_a_fault_bends_the_events_of_connected_accounts_too(
    sandbox: Flask, sdk: stripe.StripeClient, account: str
) -> None:
    inprocess.add_fault(sandbox, "customer.created", "duplicate")
    make_on(sdk, account)
    assert sent(sandbox) == {CONNECT.url: ["customer.created"] * 2}


def refused(call: Callable[[], Any]) -> Any:
    with pytest.raises(stripe.PermissionError) as found:
        call()
    assert found.value.http_status == 403
    body: Any = found.value.json_body
    assert body["error"]["code"] == "account_invalid"
    assert body["error"]["type"] == "invalid_request_error"
    return body["error"]["message"]


def test_an_unknown_a_strangers_and_a_lost_account_are_refused_alike(
    sandbox: Flask, sdk: stripe.StripeClient, account: str
) -> None:
    stranger = make_sdk(sandbox, "sk_test_two")
    other = stranger.v1.accounts.create({"type": "express"}).id
    platform = stranger.v1.accounts.retrieve_current().id
    for asked in ("acct_none", "x", other, platform):
        message = refused(functools.partial(make_on, sdk, asked))
        assert f"does not have access to account '{asked}' (or that account does not exist)" in message
    with unit(inprocess.sandbox_of(sandbox)) as scope:
        connections.disconnect(scope, account)
    refused(lambda: make_on(sdk, account))
    refused(lambda: sdk.v1.customers.list(options={"stripe_account": account}))


def test_a_refusal_of_the_account_is_kept_under_no_key(sandbox: Flask, sdk: stripe.StripeClient, account: str) -> None:
    with unit(inprocess.sandbox_of(sandbox)) as scope:
        connections.disconnect(scope, account)
    refused(lambda: make_on(sdk, account, key="k"))
    with unit(inprocess.sandbox_of(sandbox), sdk.v1.accounts.retrieve_current().id) as scope:
        connections.connect(scope, account)
    assert make_on(sdk, account, key="k").id


@pytest.mark.parametrize("asked", ["", " ", "acct_" + "x" * 5000, "acct_é", "'; --", "acct_\x7f"])
def test_odd_account_headers_are_no_500(raw: Callable[..., Any], asked: str) -> None:
    answer = raw("GET", "/v1/customers", headers={"Stripe-Account": asked.encode().decode("latin-1")})
    assert answer.status_code in (200, 403)
    assert len(answer.text) < 2000
