"""What refunds do to the balance, at once and later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.refunds import refund_outcomes
from randonumber.sandbox.scope import unit
from randonumber.sandbox.wire.errors import Refused
from tests.sandbox.charging import charge, earlier, money, named, refused, since
from tests.sandbox.driven.transfers import MANUAL

if TYPE_CHECKING:
    from flask import Flask

DAY = 86400
CONSENT: Any = {"customer_acceptance": {"type": "offline"}}


def test_a_refund_takes_from_the_pending_funds_of_its_charge_and_leaves_the_fee(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    paid = charge(sdk, amount=4400, description="scenario 11 charge")
    made = sdk.v1.refunds.create({"charge": paid, "amount": 1400, "expand": ["balance_transaction"]})
    entry: Any = made.to_dict()["balance_transaction"]
    brought: Any = sdk.v1.charges.retrieve(paid, {"expand": ["balance_transaction"]}).balance_transaction
    assert (entry["amount"], entry["fee"], entry["net"], entry["fee_details"]) == (-1400, 0, -1400, [])
    assert (entry["type"], entry["reporting_category"], entry["status"]) == ("refund", "refund", "pending")
    assert (entry["description"], entry["source"]) == ("REFUND FOR CHARGE (scenario 11 charge)", made.id)
    assert entry["available_on"] == brought.available_on
    assert money(sdk) == (0, 4400 - 158 - 1400)
    inprocess.advance(sandbox, 2 * DAY)
    assert money(sdk) == (4400 - 158 - 1400, 0)


def test_a_refund_of_available_funds_counts_at_once_and_may_go_below_zero(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk, "pm_card_bypassPending", amount=1000)
    made = sdk.v1.refunds.create({"charge": paid})
    entry = sdk.v1.balance_transactions.retrieve(str(made.balance_transaction))
    assert (entry.status, entry.description) == ("available", "REFUND FOR CHARGE")
    assert money(sdk) == (-59, 0)


def test_one_card_is_refunded_only_a_day_later(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    made = sdk.v1.refunds.create({"charge": charge(sdk, "pm_card_pendingRefund", amount=1000)})
    assert (made.status, made.pending_reason) == ("pending", "processing")
    assert money(sdk) == (0, -59)
    seen = len(since(sdk))
    assert seen == 6
    inprocess.advance(sandbox, DAY)
    ended = sdk.v1.refunds.retrieve(made.id)
    assert (ended.status, "pending_reason" in ended, "failure_reason" in ended) == ("succeeded", False, False)
    assert named(since(sdk, seen)) == ["refund.updated", "charge.refund.updated"]
    previous = earlier(since(sdk, seen)[0])
    assert (previous["status"], previous["pending_reason"]) == ("pending", "processing")
    assert money(sdk) == (0, -59)


def test_one_cards_refund_fails_a_day_later_and_its_money_comes_back(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    paid = charge(sdk, "pm_card_refundFail", amount=1000, description="A hat")
    made = sdk.v1.refunds.create({"charge": paid})
    assert made.status == "succeeded"
    assert sdk.v1.charges.retrieve(paid).refunded
    seen = len(since(sdk))
    inprocess.advance(sandbox, DAY)
    ended = sdk.v1.refunds.retrieve(made.id, {"expand": ["failure_balance_transaction"]})
    entry: Any = ended.failure_balance_transaction
    assert (ended.status, ended.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (entry.type, entry.reporting_category, entry.net) == ("refund_failure", "refund_failure", 1000)
    of = sdk.v1.charges.retrieve(paid)
    assert (of.amount_refunded, of.refunded) == (0, False)
    told = since(sdk, seen)
    assert named(told) == [
        "refund.updated", "refund.failed", "charge.refund.updated", "charge.updated",
    ]  # fmt: skip
    assert earlier(told[1]) == {
        "failure_balance_transaction": None,
        "failure_reason": None,
        "status": "succeeded",
    }
    assert money(sdk) == (0, 941)
    assert sdk.v1.refunds.create({"charge": paid, "amount": 400}).status == "succeeded"


def test_a_pending_refund_can_be_cancelled_once(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    paid = charge(sdk, "pm_card_pendingRefund", amount=1000)
    made = sdk.v1.refunds.create({"charge": paid, "amount": 400})
    ended = sdk.v1.refunds.cancel(made.id)
    assert (ended.status, ended.failure_reason) == ("canceled", "merchant_request")
    assert sdk.v1.charges.retrieve(paid).amount_refunded == 0
    assert money(sdk) == (0, 941)
    inprocess.advance(sandbox, 3 * DAY)
    assert sdk.v1.refunds.retrieve(made.id).status == "canceled"
    assert refused(lambda: sdk.v1.refunds.cancel(made.id))[3] == "Canceling this refund is unsupported."


def test_a_debit_cannot_be_refunded_until_it_is_paid_and_takes_five_days(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    debit: Any = {"payment_method_types": ["us_bank_account"], "mandate_data": CONSENT}
    paid = charge(sdk, "pm_usBankAccount_success", 1000, **debit)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        sdk.v1.refunds.create({"charge": paid})
    inprocess.advance(sandbox, 4 * DAY)
    made = sdk.v1.refunds.create({"charge": paid, "expand": ["balance_transaction"]})
    entry: Any = made.balance_transaction
    assert (made.status, made.destination_details.type) == ("pending", "us_bank_transfer")  # type: ignore[union-attr]
    assert (entry.type, entry.reporting_category, entry.net) == ("payment_refund", "refund", -1000)
    inprocess.advance(sandbox, 5 * DAY - 60)
    assert sdk.v1.refunds.retrieve(made.id).status == "pending"
    inprocess.advance(sandbox, 60)
    assert sdk.v1.refunds.retrieve(made.id).status == "succeeded"
    assert sum(money(sdk)) == -8


def test_the_dashboard_can_end_a_refund_either_way(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    account = sdk.v1.accounts.retrieve_current().id
    first, second = (
        sdk.v1.refunds.create({"charge": charge(sdk, "pm_card_pendingRefund", amount=1000)}).id for _ in range(2)
    )
    with unit(inprocess.sandbox_of(sandbox), account) as scope:
        refund_outcomes.succeed(scope, first)
        refund_outcomes.fail(scope, second, reason="declined")
    assert sdk.v1.refunds.retrieve(first).status == "succeeded"
    assert sdk.v1.refunds.retrieve(second).failure_reason == "declined"
    assert money(sdk) == (0, 941 - 59)


def test_what_a_transfer_brought_goes_back_only_by_a_reversal(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    charge(sdk, "pm_card_bypassPending")
    account = sdk.v1.accounts.create(MANUAL).id
    made = sdk.v1.transfers.create({"amount": 2000, "currency": "usd", "destination": account})
    there: Any = {"stripe_account": account}
    with pytest.raises(stripe.InvalidRequestError, match="reverse the transfer instead"):
        sdk.v1.refunds.create({"charge": str(made.destination_payment)}, there)
    sdk.v1.transfers.reversals.create(made.id, {"amount": 500})
    [reversed_] = sdk.v1.refunds.list(None, there).data
    with (
        unit(inprocess.sandbox_of(sandbox), account) as scope,
        pytest.raises(Refused, match="reverses a transfer cannot fail"),
    ):
        refund_outcomes.fail(scope, reversed_.id)
    with pytest.raises(stripe.InvalidRequestError, match=r"Canceling this refund is unsupported\."):
        sdk.v1.refunds.cancel(reversed_.id, None, there)
