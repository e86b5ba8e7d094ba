from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import sandbox_of
from randonumber.sandbox.inprocess_connect import onboard
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.scope import unit
from tests.sandbox.conftest import make_sdk
from tests.sandbox.driven.connect import ASKED, LINK

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


@pytest.fixture
def account(sdk: Any) -> str:
    """An Express account whose owner has not been at the page."""
    return str(sdk.v1.accounts.create({"type": "express", "capabilities": ASKED, "email": "e@example.com"}).id)


def ready(sandbox: Flask, sdk: Any, account: str, **fields: str) -> str:
    """The address of a login link, after onboarding."""
    onboard(sandbox, sdk.v1.account_links.create(LINK | {"account": account}).url, **fields)
    return str(sdk.v1.accounts.login_links.create(account).url)


def test_a_login_link_needs_onboarding_first(sdk: Any, account: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="for an account that has not completed onboarding"):
        sdk.v1.accounts.login_links.create(account)


@pytest.mark.parametrize("kind", ["standard", "custom"])
def test_a_login_link_is_for_express_accounts_alone(sdk: Any, kind: str) -> None:
    account = sdk.v1.accounts.create({"type": kind}).id
    with pytest.raises(stripe.InvalidRequestError, match="which is not an Express account"):
        sdk.v1.accounts.login_links.create(account)


def test_another_platform_gets_no_login_link(sandbox: Flask, sdk: Any, account: str) -> None:
    ready(sandbox, sdk, account)
    other: Any = make_sdk(sandbox, "sk_test_other")
    with pytest.raises(stripe.PermissionError):
        other.v1.accounts.login_links.create(account)


def test_the_dashboard_opens_once(sandbox: Flask, page: Callable[..., Any], sdk: Any, account: str) -> None:
    url = ready(sandbox, sdk, account)
    first = page(url)
    assert first.status_code == 200
    assert "e@example.com" in first.text
    assert "payouts are on" in first.text
    assert "<script" not in first.text
    assert page(url).status_code == 403
    assert "needs a new link" in page(f"/express/{account}").text
    assert page("/express/acct_nobody").status_code == 404


def test_a_login_link_opens_no_other_account(sandbox: Flask, page: Callable[..., Any], sdk: Any, account: str) -> None:
    other = sdk.v1.accounts.create({"type": "express"}).id
    secret = ready(sandbox, sdk, account).partition("?")[2]
    assert page(f"/express/{other}?{secret}").status_code == 403


def test_it_shows_the_money_of_the_account(sandbox: Flask, page: Callable[..., Any], sdk: Any, account: str) -> None:
    url = ready(sandbox, sdk, account)
    with unit(sandbox_of(sandbox), account) as scope:
        book(scope, Booking(kind="payment", category="charge", amount=2000, currency="usd", source="py_1"))
        scope.insert(
            {
                "id": "py_1",
                "object": "charge",
                "amount": 2000,
                "amount_refunded": 500,
                "created": scope.now,
                "currency": "usd",
                "source_transfer": "tr_1",
            }
        )
        scope.insert(
            {
                "id": "po_1",
                "object": "payout",
                "amount": 700,
                "arrival_date": scope.now,
                "created": scope.now,
                "currency": "usd",
                "failure_code": "account_closed",
                "failure_message": "The bank account has been closed",
                "status": "failed",
            }
        )
    text = page(url).text
    for shown in ("$20.00", "$5.00 taken back", "po_1", "$7.00", "failed", "The bank account has been closed", "py_1"):
        assert shown in text


def test_what_is_due_leads_on_to_onboarding(sandbox: Flask, page: Callable[..., Any], sdk: Any, account: str) -> None:
    text = page(ready(sandbox, sdk, account, bank="none")).text
    assert "external_account" in text
    found = re.search(r'href="(http[^"]+/onboarding/[^"]+)"', text)
    assert found
    assert onboard(sandbox, found[1]) == LINK["return_url"]
    assert sdk.v1.accounts.retrieve(account).payouts_enabled
