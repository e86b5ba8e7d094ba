from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.funds.settlements import debit_fee_minor
from tests.sandbox.conftest import types

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

DAYS = 24 * 3600
CONSENT: dict[str, Any] = {"customer_acceptance": {"type": "offline"}}
BEGUN = ["payment_intent.created", "charge.pending", "payment_intent.processing"]


def debit(sdk: stripe.StripeClient, method: str = "pm_usBankAccount_success", **more: Any) -> Any:
    params = {
        "amount": 1000,
        "currency": "usd",
        "payment_method_types": ["us_bank_account"],
        "payment_method": method,
        "confirm": True,
        "mandate_data": CONSENT,
    }
    return sdk.v1.payment_intents.create(params | more)  # type: ignore[arg-type]


def charge_of(sdk: stripe.StripeClient, intent: Any) -> Any:
    return sdk.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["balance_transaction"]})


def test_a_debit_is_processing_and_brings_no_money_yet(sdk: stripe.StripeClient) -> None:
    intent = debit(sdk)
    charge = charge_of(sdk, intent)
    assert (intent.status, intent.amount_received, intent.payment_method_types) == (
        "processing",
        0,
        ["us_bank_account"],
    )
    assert charge.id.startswith("py_")
    assert (charge.status, charge.paid, charge.captured, charge.outcome) == ("pending", False, True, None)
    assert (charge.balance_transaction, charge.receipt_url) == (None, None)
    used = charge.payment_method_details.us_bank_account
    assert (used.last4, used.routing_number, used.payment_reference) == ("6789", "110000000", None)
    assert used.mandate.startswith("mandate_")
    assert sdk.v1.balance_transactions.list().data == []
    assert types(sdk) == BEGUN


def test_after_four_days_the_bank_pays_and_the_money_is_there(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    intent = debit(sdk)
    inprocess.advance(sandbox, 4 * DAYS - 60)
    assert sdk.v1.payment_intents.retrieve(intent.id).status == "processing"
    inprocess.advance(sandbox, 120)
    found = sdk.v1.payment_intents.retrieve(intent.id)
    charge = charge_of(sdk, found)
    assert (found.status, found.amount_received) == ("succeeded", 1000)
    assert (charge.status, charge.paid, len(charge.payment_method_details.us_bank_account.payment_reference)) == (
        "succeeded",
        True,
        15,
    )
    entry = charge.balance_transaction
    assert (entry.type, entry.reporting_category, entry.fee, entry.net) == ("payment", "charge", 8, 992)
    assert sdk.v1.balance.retrieve().available[0].amount == 992
    assert types(sdk) == [
        *BEGUN,
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "balance.available",
    ]


def test_the_receipt_names_the_bank_account(sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any]) -> None:
    intent = debit(sdk)
    assert page(f"/receipts/{intent.latest_charge}").status_code == 404
    inprocess.advance(sandbox, 4 * DAYS + 60)
    text = page(charge_of(sdk, intent).receipt_url).text
    assert "STRIPE TEST BANK, ending in 6789" in text


RETURNED = [
    ("pm_usBankAccount_accountClosed", "account_closed"),
    ("pm_usBankAccount_noAccount", "no_account"),
    ("pm_usBankAccount_insufficientFunds", "insufficient_funds"),
    ("pm_usBankAccount_debitNotAuthorized", "debit_not_authorized"),
    ("pm_usBankAccount_invalidCurrency", "invalid_currency"),
    ("pm_usBankAccount_weeklyLimitExceeded", "charge_exceeds_source_limit"),
]


@pytest.mark.parametrize(("method", "code"), RETURNED)
def test_after_four_days_the_bank_sends_back_what_it_cannot_pay(
    sandbox: Flask, sdk: stripe.StripeClient, method: str, code: str
) -> None:
    intent = debit(sdk, method)
    inprocess.advance(sandbox, 4 * DAYS + 60)
    found = sdk.v1.payment_intents.retrieve(intent.id)
    charge = charge_of(sdk, found)
    assert (found.status, found.payment_method, found.amount_received) == ("requires_payment_method", None, 0)
    assert (found.last_payment_error.code, found.last_payment_error.charge) == (code, charge.id)  # type: ignore[union-attr]
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    assert charge.failure_message
    assert sdk.v1.balance_transactions.list().data == []
    assert types(sdk) == [*BEGUN, "charge.failed", "payment_intent.payment_failed"]


def test_what_the_bank_sent_back_can_be_paid_by_card(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    intent = debit(sdk, "pm_usBankAccount_noAccount", payment_method_types=["card", "us_bank_account"])
    inprocess.advance(sandbox, 4 * DAYS + 60)
    paid = sdk.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"


def test_the_account_that_hangs_stays_in_processing_until_it_is_cancelled(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    intent = debit(sdk, "pm_usBankAccount_processing")
    inprocess.advance(sandbox, 90 * DAYS)
    assert sdk.v1.payment_intents.retrieve(intent.id).status == "processing"
    assert sdk.v1.payment_intents.cancel(intent.id).status == "canceled"
    assert charge_of(sdk, intent).status == "failed"


def test_a_cancelled_debit_is_not_paid_later(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    intent = debit(sdk)
    sdk.v1.payment_intents.cancel(intent.id)
    inprocess.advance(sandbox, 9 * DAYS)
    assert sdk.v1.payment_intents.retrieve(intent.id).status == "canceled"
    assert sdk.v1.balance.retrieve().available[0].amount == 0


def test_a_debit_needs_the_holders_consent(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="requires a mandate, but no existing mandate was found") as no:
        debit(sdk, mandate_data="")
    assert no.value.json_body["error"]["payment_intent"]["status"] == "requires_confirmation"  # type: ignore[index]
    assert sdk.v1.charges.list().data == []


def test_only_dollars_are_debited(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="us_bank_account"):
        debit(sdk, currency="eur")
    with pytest.raises(stripe.InvalidRequestError, match="us_bank_account"):
        debit(sdk, currency="eur", confirm=False, payment_method="", mandate_data="")
    with pytest.raises(stripe.InvalidRequestError, match="us_bank_account"):
        debit(sdk, currency="eur", payment_method_types=[], return_url="http://127.0.0.1:5000/back")
    assert sdk.v1.payment_intents.list().data == []


@pytest.mark.parametrize(("amount", "fee"), [(100, 1), (62, 0), (63, 1), (1000, 8), (62_499, 500), (99_999, 500)])
def test_the_fee_is_eight_in_a_thousand_and_at_most_five_dollars(amount: int, fee: int) -> None:
    assert debit_fee_minor(amount) == fee
