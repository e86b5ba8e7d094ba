"""Prices that change between a page and its button: nobody pays at once what was not shown."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.settings import Tier
from tests.credits.conftest import Buyer, count
from tests.credits.saving import Saver, charges
from tests.credits.wallets import fill
from tests.people import csrf_token, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.stripe_fixtures import StripeSandbox

DEARER = (Tier(quantity=1, unit_price_minor=120),)
WAYS = ["/credits/one-click", "/credits/wallet"]


@pytest.fixture
def visitor(buyer: Buyer, sandbox: StripeSandbox, client: FlaskClient) -> FlaskClient:
    """Somebody, signed in, with a saved card and money in the wallet."""
    Saver(buyer=buyer, sandbox=sandbox).save()
    fill(buyer, 20_000)
    sign_in(client, buyer.person)
    return client


def shown(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of a form on a page."""
    [form] = re.findall(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)
    fields = (dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", form))
    return {field["name"]: field["value"] for field in fields if field["type"] == "hidden"}


def press(visitor: FlaskClient, action: str, page: str) -> TestResponse:
    hidden: dict[str, Any] = shown(page, action)
    token = csrf_token(visitor, "/credits")
    return visitor.post(action, data={**hidden, "csrf_token": token, "quantity": "10"})


@pytest.mark.pain(24)
@pytest.mark.parametrize("action", WAYS)
def test_a_page_of_older_prices_pays_nothing_and_shows_the_new_ones(
    visitor: FlaskClient, sandbox: StripeSandbox, committed: Flask, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    page = visitor.get("/credits").text
    config = committed.extensions["config"]
    monkeypatch.setitem(committed.extensions, "config", replace(config, credit_tiers=DEARER))
    refused = press(visitor, action, page)
    assert refused.status_code == 422
    assert "Prices have changed" in refused.text
    assert "$12.00" in refused.text
    assert (count("purchases"), charges(sandbox)) == (0, [])
    assert press(visitor, action, refused.text).status_code == 303
    assert count("purchases", "amount_minor = 1200 AND status = 'paid'") == count("purchases") == 1


@pytest.mark.parametrize("action", WAYS)
def test_a_page_of_the_prices_of_now_pays_at_once(visitor: FlaskClient, action: str) -> None:
    assert press(visitor, action, visitor.get("/credits").text).status_code == 303
    assert count("purchases", "amount_minor = 900 AND status = 'paid'") == 1
