from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from randonumber.sandbox import create_sandbox, inprocess
from randonumber.sandbox.resources.funds.settlements import fee_minor
from tests.sandbox.conftest import make_sdk, types

if TYPE_CHECKING:
    from flask import Flask

DAY = 86400


def pay(sdk: stripe.StripeClient, amount: int, card: str = "pm_card_visa", currency: str = "usd") -> Any:
    return sdk.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": currency,
            "payment_method": card,
            "confirm": True,
            "return_url": "http://127.0.0.1/back",
            "expand": ["latest_charge"],
        }
    ).latest_charge


def money(sdk: stripe.StripeClient) -> tuple[int, int]:
    """Available and pending dollars, in cents."""
    found = sdk.v1.balance.retrieve()
    return (
        sum(part.amount for part in found.available if part.currency == "usd"),
        sum(part.amount for part in found.pending if part.currency == "usd"),
    )


# 2.9 % of 50 is 1.45; of 52 it is 1.508; of 500 it is 14.5, rounded up.
@pytest.mark.parametrize(("amount", "fee"), [(50, 31), (52, 32), (500, 45), (900, 56), (1000, 59), (10_000, 320)])
def test_the_fee_is_two_point_nine_percent_and_thirty_rounded_half_up(amount: int, fee: int) -> None:
    assert fee_minor(amount) == fee


def test_a_charge_is_pending_for_two_days(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    charge = pay(sdk, 1000)
    entry = sdk.v1.balance_transactions.retrieve(str(sdk.v1.charges.retrieve(charge.id).balance_transaction))
    assert (entry.amount, entry.fee, entry.net, entry.status) == (1000, 59, 941, "pending")
    assert entry.available_on - entry.created == 2 * DAY
    assert entry.source == charge.id
    assert money(sdk) == (0, 941)
    inprocess.advance(sandbox, 2 * DAY - 5)
    assert money(sdk) == (0, 941)
    inprocess.advance(sandbox, 10)
    assert money(sdk) == (941, 0)
    assert sdk.v1.balance_transactions.retrieve(entry.id).status == "available"
    assert types(sdk)[-1] == "balance.available"
    told = sdk.v1.events.list({"type": "balance.available"}).data[0].data["object"]
    assert told["available"][0]["amount"] == 941


def test_one_card_brings_its_funds_at_once(sdk: stripe.StripeClient) -> None:
    pay(sdk, 1000, "pm_card_bypassPending")
    assert money(sdk) == (941, 0)
    assert types(sdk)[-2:] == ["charge.updated", "balance.available"]


def test_a_declined_charge_moves_nothing(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError):
        pay(sdk, 1000, "pm_card_chargeDeclined")
    assert sdk.v1.balance_transactions.list().data == []
    assert money(sdk) == (0, 0)


def test_transactions_are_listed_by_source_type_currency_and_time(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    first = pay(sdk, 1000)
    moment = inprocess.advance(sandbox, 100)
    second = pay(sdk, 2000, currency="eur")
    listing = sdk.v1.balance_transactions.list
    assert [one.source for one in listing().data] == [second.id, first.id]
    assert [one.source for one in listing({"source": first.id}).data] == [first.id]
    assert [one.source for one in listing({"currency": "eur"}).data] == [second.id]
    assert [one.source for one in listing({"created": {"gte": moment}}).data] == [second.id]
    assert len(listing({"type": "charge"}).data) == 2
    assert listing({"type": "payout"}).data == []
    source = listing({"source": first.id, "expand": ["data.source"]}).data[0].source
    assert source.id == first.id  # type: ignore[union-attr]


def test_currencies_are_kept_apart(sdk: stripe.StripeClient) -> None:
    pay(sdk, 1000)
    pay(sdk, 1000, currency="eur")
    pending = {part.currency: part.amount for part in sdk.v1.balance.retrieve().pending}
    assert pending == {"usd": 941, "eur": 941}


def test_money_that_becomes_available_together_is_told_of_once(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    for currency in ("usd", "usd", "eur"):
        pay(sdk, 1000, currency=currency)
    seconds = {one.created for one in sdk.v1.balance_transactions.list().data}
    inprocess.advance(sandbox, 2 * DAY)
    told = sdk.v1.events.list({"type": "balance.available"}).data
    assert len(told) == len(seconds)
    assert [part["amount"] for part in told[0].data["object"]["available"]] == [1882, 941]
    assert money(sdk) == (1882, 0)


def test_a_balance_has_the_parts_that_were_recorded(sdk: stripe.StripeClient) -> None:
    pay(sdk, 1000, "pm_card_bypassPending", currency="cad")
    balance = sdk.v1.balance.retrieve().to_dict()
    assert balance["available"][1] == {"amount": 941, "currency": "cad", "source_types": {"card": 941}}
    assert balance["refund_and_dispute_prefunding"]["available"][1] == {"amount": 0, "currency": "cad"}
    assert balance["connect_reserved"][1] == {"amount": 0, "currency": "cad"}


def test_a_new_account_has_nothing_in_dollars(sdk: stripe.StripeClient) -> None:
    assert [(part.amount, part.currency) for part in sdk.v1.balance.retrieve().available] == [(0, "usd")]


# As recorded: an unknown type or currency is an empty list, an unknown payout is not.
def test_transactions_are_filtered_as_recorded(sdk: stripe.StripeClient) -> None:
    pay(sdk, 1000)
    assert sdk.v1.balance_transactions.list({"type": "bogus_type"}).data == []
    assert sdk.v1.balance_transactions.list({"currency": "cad"}).data == []
    with pytest.raises(stripe.InvalidRequestError) as payout:
        sdk.v1.balance_transactions.list({"payout": "po_nope"})
    assert (payout.value.user_message, payout.value.param) == ("No such payout: 'po_nope'", "payout")
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        sdk.v1.balance_transactions.retrieve("txn_nope")
    assert (unknown.value.user_message, unknown.value.param) == ("No such balance transaction: 'txn_nope'", "id")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(50, 99_999_999), st.booleans(), st.integers(0, 3 * DAY)), max_size=6))
def test_the_balance_is_the_sum_of_its_transactions_whatever_happens(steps: list[tuple[int, bool, int]]) -> None:
    sandbox = create_sandbox()
    sdk = make_sdk(sandbox)
    for amount, at_once, seconds in steps:
        pay(sdk, amount, "pm_card_bypassPending" if at_once else "pm_card_visa")
        inprocess.advance(sandbox, seconds)
    entries = list(sdk.v1.balance_transactions.list({"limit": 100}).auto_paging_iter())
    assert sum(one.net for one in entries) == sum(money(sdk)) == sum(a - fee_minor(a) for a, _, _ in steps)
    assert sum(one.net for one in entries if one.status == "available") == money(sdk)[0]
