"""What can be changed of a charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.charging import charge, earlier, since

if TYPE_CHECKING:
    import stripe


@pytest.mark.parametrize(("report", "shown"), [("safe", {"user_report": "safe"}), ("", {})])
def test_a_seller_can_report_a_fraud_and_take_it_back(sdk: stripe.StripeClient, report: Any, shown: Any) -> None:
    paid = charge(sdk)
    sdk.v1.charges.update(paid, {"fraud_details": {"user_report": "fraudulent"}})
    assert earlier(since(sdk)[-1]) == {"fraud_details": {"user_report": None}}
    changed = sdk.v1.charges.update(paid, {"fraud_details": {"user_report": report}})
    assert changed.to_dict()["fraud_details"] == shown


def test_a_charge_has_the_keys_that_were_recorded_beside_the_described_ones(sdk: stripe.StripeClient) -> None:
    found = sdk.v1.charges.retrieve(charge(sdk)).to_dict()
    assert {name: found[name] for name in ("destination", "dispute", "order")} == {
        "destination": None,
        "dispute": None,
        "order": None,
    }
