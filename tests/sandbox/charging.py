"""Charges to refund and dispute, and what the tests of both look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

if TYPE_CHECKING:
    from collections.abc import Callable

RETURN = "http://127.0.0.1:5000/back"


def charge(sdk: stripe.StripeClient, card: str = "pm_card_visa", amount: int = 5000, **more: Any) -> str:
    """Pay with a card; the charge's id."""
    params = {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True, "return_url": RETURN}
    return str(sdk.v1.payment_intents.create(params | more).latest_charge)  # type: ignore[arg-type]


def refused(call: Callable[[], Any]) -> tuple[int | None, str | None, str | None, str]:
    """Status, code, param and sentence of a refusal."""
    with pytest.raises(stripe.InvalidRequestError) as no:
        call()
    error: Any = no.value.json_body
    found = error["error"]
    assert found["type"] == "invalid_request_error"
    return no.value.http_status, found.get("code"), found.get("param"), found["message"]


def since(sdk: stripe.StripeClient, seen: int = 0) -> list[dict[str, Any]]:
    """Events after the first `seen`, oldest first."""
    return [event.to_dict() for event in sdk.v1.events.list({"limit": 100}).data[::-1][seen:]]


def named(events: list[dict[str, Any]]) -> list[str]:
    """Their types."""
    return [event["type"] for event in events]


def earlier(event: dict[str, Any]) -> Any:
    """What an event says that changed."""
    return event["data"]["previous_attributes"]


def money(sdk: stripe.StripeClient) -> tuple[int, int]:
    """Available and pending dollars, in cents; they are the sum of all balance transactions."""
    found = sdk.v1.balance.retrieve()
    sums = found.available[0].amount, found.pending[0].amount
    entries = list(sdk.v1.balance_transactions.list({"limit": 100}).auto_paging_iter())
    assert sum(entry.net for entry in entries) == sum(sums)
    return sums
