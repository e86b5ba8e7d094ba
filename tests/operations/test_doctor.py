"""The doctor says what is not as it should be, one line each, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.database import db
from randonumber.operations import doctor
from randonumber.operations.doctor_payouts import PATHS, compare
from randonumber.stripe_gateway import WebhookEndpoint, gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.stripe_fixtures import StripeSandbox

BASE = "https://shop.example.com"
NEEDED = ["account.updated", "charge.refunded"]


def endpoint(path: str, *events: str, is_enabled: bool = True) -> WebhookEndpoint:
    return WebhookEndpoint(id="we_1", url=f"{BASE}{path}", enabled_events=events, is_enabled=is_enabled)


@pytest.fixture
def without_settings(committed: Flask) -> Iterator[None]:
    before = committed.extensions["config"]
    without = {"stripe_connect_client_id": None, "stripe_connect_webhook_secret": None}
    committed.extensions["config"] = replace(before, **without)
    yield
    committed.extensions["config"] = before


def findings() -> dict[str, tuple[bool, str]]:
    return {finding.name: (finding.is_well, finding.detail) for finding in doctor.examine()}


def test_with_the_sandbox_all_is_well_but_the_worker(committed: Flask, sandbox: StripeSandbox) -> None:
    found = findings()
    assert {name for name, (is_well, _) in found.items() if not is_well} <= {"worker"}
    assert found["books"] == (True, "hold")
    assert found["stripe payouts"] == (True, "manual")
    assert found["connect client"] == (True, "ca_sandbox")


def test_broken_books_are_a_fault(committed: Flask, sandbox: StripeSandbox) -> None:
    with db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO broken_invariants VALUES ('A13', 'x', 1, :now, :now)"), {"now": clock.now()}
        )
    is_well, detail = findings()["books"]
    assert not is_well
    assert "A13" in detail


def test_broken_books_keep_no_page_from_being_served(committed: Flask, client: FlaskClient) -> None:
    before = client.get("/readyz").get_json()
    with db.engine.begin() as connection:
        planted = text("INSERT INTO broken_invariants VALUES ('A13', 'x', 1, :now, :now)")
        connection.execute(planted, {"now": clock.now()})
    assert client.get("/readyz").get_json() == before


def test_payouts_that_stripe_makes_by_itself_are_a_fault() -> None:
    assert not doctor._payouts("daily").is_well
    assert doctor._payouts("manual").is_well


@pytest.mark.usefixtures("without_settings")
def test_what_connect_needs_is_asked_for(committed: Flask, sandbox: StripeSandbox) -> None:
    found = findings()
    assert "STRIPE_CONNECT_CLIENT_ID" in found["connect client"][1]
    assert "STRIPE_CONNECT_WEBHOOK_SECRET" in found["connect webhook"][1]
    assert not any(found[name][0] for name in ("connect client", "connect webhook"))


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ([endpoint(PATHS[0], "*"), endpoint(PATHS[1], "*")], None),
        ([endpoint(PATHS[0], "charge.refunded"), endpoint(PATHS[1], "account.updated", "payout.paid")], None),
        ([endpoint(PATHS[0], "*")], f"no endpoint {BASE}{PATHS[1]}"),
        ([endpoint(PATHS[0], "*"), endpoint(PATHS[1], "*", is_enabled=False)], f"no endpoint {BASE}{PATHS[1]}"),
        ([endpoint(PATHS[0], "charge.refunded"), endpoint(PATHS[1])], "not subscribed: account.updated"),
        ([], "no endpoint"),
    ],
)
def test_the_endpoints_are_held_against_what_is_handled(known: list[WebhookEndpoint], problem: str | None) -> None:
    found = compare(BASE, known, NEEDED)
    assert found.is_well is (problem is None)
    assert (problem or "all 2 types") in found.detail


def test_endpoints_are_read_from_stripe(committed: Flask, sandbox: StripeSandbox) -> None:
    asked = {"url": "http://127.0.0.1:5000/webhooks/stripe", "enabled_events": ["charge.refunded"]}
    made = sandbox.client.v1.webhook_endpoints.create(asked)  # type: ignore[arg-type]
    [found] = [one for one in gateway().list_webhook_endpoints() if one.id == made.id]
    assert (found.url, found.enabled_events, found.is_enabled) == (made.url, ("charge.refunded",), True)
