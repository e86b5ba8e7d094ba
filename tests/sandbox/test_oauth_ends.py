"""Consents that are nobody's, and codes of OAuth whose account ended before they were used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from stripe import oauth_error

from randonumber.sandbox import inprocess
from tests.sandbox.driven.transfers import fund
from tests.sandbox.test_balance import DAY
from tests.sandbox.test_oauth import ask, code_of
from tests.sandbox.test_transfers import at, send

if TYPE_CHECKING:
    from flask import Flask


@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_the_page_of_another_site_consents_to_nothing(page: Any, header: dict[str, str]) -> None:
    assert page(ask(), {"action": "connect"}, headers=header).status_code == 403
    own = {"Origin": "http://127.0.0.1:5001", "Sec-Fetch-Site": "same-origin"}
    assert page(ask(), {"action": "connect"}, headers=own).status_code == 303


def test_a_code_used_twice_ends_every_token_that_came_of_it(sandbox: Flask, sdk: Any) -> None:
    code = {"grant_type": "authorization_code", "code": code_of(sandbox)}
    token = sdk.oauth.token(code)
    for _ in range(2):
        token = sdk.oauth.token({"grant_type": "refresh_token", "refresh_token": token.refresh_token})
    for refused in (code, {"grant_type": "refresh_token", "refresh_token": token.refresh_token}):
        with pytest.raises(oauth_error.InvalidGrantError):
            sdk.oauth.token(refused)


def test_an_account_that_comes_back_is_paid_out_what_waited(sandbox: Flask, sdk: Any) -> None:
    account = sdk.oauth.token({"grant_type": "authorization_code", "code": code_of(sandbox)}).stripe_user_id
    fund(sdk)
    send(sdk, account, 5000)
    sdk.oauth.deauthorize({"stripe_user_id": account, "client_id": "ca_one"})
    inprocess.advance(sandbox, 5 * DAY)
    sdk.oauth.token({"grant_type": "authorization_code", "code": code_of(sandbox, account=account)})
    inprocess.advance(sandbox, 5 * DAY)
    assert [one.amount for one in sdk.v1.payouts.list({}, at(account)).data] == [5000]


def test_a_code_for_an_account_that_was_deleted_since_brings_nothing_back(sandbox: Flask, sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "standard"}).id
    code = code_of(sandbox, account=account)
    sdk.v1.accounts.delete(account)
    with pytest.raises(oauth_error.InvalidGrantError, match="does not exist"):
        sdk.oauth.token({"grant_type": "authorization_code", "code": code})
    assert not sdk.v1.accounts.list().data
