from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.funds import payouts
from randonumber.sandbox.scope import unit
from tests.sandbox.conftest import types
from tests.sandbox.driven.connect import COMPLETE
from tests.sandbox.driven.transfers import MANUAL, fund
from tests.sandbox.test_balance import DAY, money
from tests.sandbox.test_transfers import TOO_LITTLE, at, held, send

if TYPE_CHECKING:
    from flask import Flask

FAILING = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}


def account(sdk: Any, schedule: Any, number: str = "000123456789") -> str:
    """A connected account with 50.00, this payout schedule and this bank account."""
    bank = COMPLETE["external_account"] | {"account_number": number}
    settings = {"payouts": {"schedule": schedule}}
    made = str(sdk.v1.accounts.create(COMPLETE | {"settings": settings, "external_account": bank}).id)
    fund(sdk)
    send(sdk, made, 5000)
    return made


def pay_out(sdk: Any, there: Any = None, **more: Any) -> Any:
    return sdk.v1.payouts.create({"amount": 500, "currency": "usd"} | more, there or {})


def of(sdk: Any, there: str) -> list[Any]:
    return list(sdk.v1.payouts.list({"limit": 100}, at(there)).data)


def told(sdk: Any, there: str, kind: str = "payout.*") -> list[str]:
    return [one.type for one in sdk.v1.events.list({"limit": 100, "type": kind}, at(there)).data][::-1]


def test_a_payout_takes_its_money_at_once_and_arrives_two_days_later(sandbox: Flask, sdk: Any) -> None:
    fund(sdk)
    payout = pay_out(sdk, description="October", metadata={"a": "1"}, statement_descriptor="SHOP")
    assert money(sdk) == (9680 - 500, 0)
    assert (payout.status, payout.automatic, payout.method, payout.type) == (
        "pending", False, "standard", "bank_account",
    )  # fmt: skip
    assert (payout.arrival_date - payout.created, payout.reconciliation_status) == (2 * DAY, "not_applicable")
    entry = sdk.v1.balance_transactions.retrieve(payout.balance_transaction)
    assert (entry.type, entry.net, entry.source) == ("payout", -500, payout.id)
    inprocess.advance(sandbox, DAY)
    assert sdk.v1.payouts.retrieve(payout.id).status == "in_transit"
    inprocess.advance(sandbox, DAY)
    assert sdk.v1.payouts.retrieve(payout.id).status == "paid"
    assert [one for one in types(sdk) if one.startswith("payout")] == [
        "payout.created", "payout.updated", "payout.paid",
    ]  # fmt: skip


def test_a_payout_needs_available_money(sdk: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        pay_out(sdk)
    assert (error.value.code, error.value.user_message) == ("balance_insufficient", TOO_LITTLE)
    assert sdk.v1.payouts.list().data == []


# As recorded in September 2026 on an account with no bank account, and no euros here.
REFUSALS: list[tuple[Any, str | None, str]] = [
    ({"amount": -100}, "parameter_invalid_integer", "This value must be greater than or equal to 1."),
    ({"amount": 0}, "parameter_invalid_integer", "This value must be greater than or equal to 1."),
    ({"currency": "xxd"}, None, "Invalid currency: xxd. Stripe currently supports these currencies: usd, aed"),
    ({"currency": "eur"}, None, "Sorry, you don't have any external accounts in that currency (eur)."),
    ({"destination": "ba_x"}, "resource_missing", "No such external account: 'ba_x'"),
    ({"method": "instant"}, None, "The sandbox does not do instant payouts yet."),
]


@pytest.mark.parametrize(("more", "code", "sentence"), REFUSALS)
def test_payouts_are_refused_in_stripes_words(sdk: Any, more: Any, code: str | None, sentence: str) -> None:
    fund(sdk)
    with pytest.raises(stripe.InvalidRequestError) as error:
        pay_out(sdk, **more)
    assert error.value.code == code
    assert str(error.value.user_message).startswith(sentence)


@pytest.mark.parametrize("path", ["retrieve", "cancel", "reverse"])
def test_an_unknown_payout_is_named_by_its_place_in_the_address(sdk: Any, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        getattr(sdk.v1.payouts, path)("po_nope")
    assert (error.value.http_status, error.value.param) == (404, "payout")
    assert error.value.user_message == "No such payout: 'po_nope'"


@pytest.mark.parametrize(("number", "code"), FAILING.items())
def test_a_payout_to_a_bank_account_that_takes_none_fails(sandbox: Flask, sdk: Any, number: str, code: str) -> None:
    seller = account(sdk, {"interval": "manual"}, number)
    payout = pay_out(sdk, at(seller), amount=5000)
    inprocess.advance(sandbox, 2 * DAY)
    failed = sdk.v1.payouts.retrieve(payout.id, {}, at(seller))
    assert (failed.status, failed.failure_code) == ("failed", code)
    assert failed.failure_message.endswith((".", ")"))
    assert held(sdk, seller)[0] == 5000
    back = sdk.v1.balance_transactions.retrieve(failed.failure_balance_transaction, {}, at(seller))
    assert (back.type, back.net, back.source) == ("payout_failure", 5000, payout.id)
    assert told(sdk, seller) == ["payout.created", "payout.updated", "payout.failed"]
    assert sdk.v1.events.list({"type": "payout.failed"}, at(seller)).data[0].account == seller


def test_a_payout_that_showed_as_paid_may_still_fail(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "manual"})
    payout = pay_out(sdk, at(seller))
    with unit(inprocess.sandbox_of(sandbox), seller) as scope:
        assert payouts.arrive(scope, payout.id)["status"] == "paid"
        assert payouts.fail(scope, payout.id)["failure_code"] == "account_closed"
    assert held(sdk, seller)[0] == 5000
    inprocess.advance(sandbox, 3 * DAY)
    assert told(sdk, seller) == ["payout.created", "payout.paid", "payout.failed"]


def test_a_pending_payout_can_be_canceled_and_no_other(sandbox: Flask, sdk: Any) -> None:
    fund(sdk)
    canceled = sdk.v1.payouts.cancel(pay_out(sdk).id)
    assert (canceled.status, money(sdk)[0], types(sdk)[-1]) == ("canceled", 9680, "payout.canceled")
    back = sdk.v1.balance_transactions.retrieve(canceled.failure_balance_transaction)
    assert (back.type, back.net) == ("payout_cancel", 500)
    other = pay_out(sdk)
    inprocess.advance(sandbox, DAY)
    with pytest.raises(stripe.InvalidRequestError, match="can only be canceled while they are pending"):
        sdk.v1.payouts.cancel(other.id)
    inprocess.advance(sandbox, 9 * DAY)
    assert sdk.v1.payouts.retrieve(canceled.id).status == "canceled"


def test_a_payout_of_a_connected_account_can_be_reversed_once(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "manual"})
    payout = pay_out(sdk, at(seller))
    inprocess.advance(sandbox, 2 * DAY)
    back = sdk.v1.payouts.reverse(payout.id, {}, at(seller))
    assert (back.amount, back.original_payout) == (-500, payout.id)
    assert sdk.v1.payouts.retrieve(payout.id, {}, at(seller)).reversed_by == back.id
    assert held(sdk, seller) == (4500, 500, 0)
    with pytest.raises(stripe.InvalidRequestError, match="has already been reversed"):
        sdk.v1.payouts.reverse(payout.id, {}, at(seller))
    inprocess.advance(sandbox, 2 * DAY)
    assert held(sdk, seller) == (5000, 0, 0)


def test_a_payout_that_fails_after_it_was_reversed_gives_its_money_back_once(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "manual"})
    payout = pay_out(sdk, at(seller))
    inprocess.advance(sandbox, 2 * DAY)
    back = sdk.v1.payouts.reverse(payout.id, {}, at(seller))
    inprocess.advance(sandbox, 2 * DAY)
    with unit(inprocess.sandbox_of(sandbox), seller) as scope:
        payouts.fail(scope, payout.id)
    assert held(sdk, seller) == (5000, 0, 0)
    assert sdk.v1.payouts.retrieve(back.id, {}, at(seller)).status == "failed"


def test_payouts_are_listed_by_what_stripe_lists_them_by(sandbox: Flask, sdk: Any) -> None:
    fund(sdk)
    first = pay_out(sdk)
    inprocess.advance(sandbox, 3 * DAY)
    second = pay_out(sdk)
    listing = sdk.v1.payouts.list
    assert [one.id for one in listing().data] == [second.id, first.id]
    assert [one.id for one in listing({"status": "paid"}).data] == [first.id]
    assert [one.id for one in listing({"arrival_date": {"gt": first.arrival_date}}).data] == [second.id]
    assert [one.id for one in listing({"arrival_date": first.arrival_date}).data] == [first.id]
    assert [one.id for one in listing({"created": {"gte": second.created}}).data] == [second.id]
    assert len(listing({"destination": first.destination}).data) == 2
    assert sdk.v1.payouts.update(first.id, {"metadata": {"a": "1"}}).metadata["a"] == "1"


def test_who_may_not_pay_out_is_told_so(sdk: Any) -> None:
    bare = {name: value for name, value in MANUAL.items() if name != "external_account"}
    seller = sdk.v1.accounts.create(bare).id
    with pytest.raises(stripe.InvalidRequestError) as error:
        pay_out(sdk, at(seller))
    assert error.value.code == "payouts_not_allowed"


def test_a_daily_schedule_pays_out_by_the_clock_alone(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "daily"})
    assert (held(sdk, seller)[0], of(sdk, seller)) == (5000, [])
    inprocess.advance(sandbox, DAY - 3600)
    assert (held(sdk, seller)[0], of(sdk, seller)) == (5000, [])
    inprocess.advance(sandbox, DAY + 3600)
    (payout,) = of(sdk, seller)
    assert (payout.amount, payout.automatic, payout.created % DAY, held(sdk, seller)[0]) == (5000, True, 0, 0)
    inprocess.advance(sandbox, 30 * DAY)
    assert len(of(sdk, seller)) == 1
    assert told(sdk, seller)[-2:] == ["payout.paid", "payout.reconciliation_completed"]
    with pytest.raises(stripe.InvalidRequestError, match="automatic"):
        sdk.v1.payouts.cancel(payout.id, {}, at(seller))


def test_the_schedule_leaves_what_came_less_than_a_day_ago(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "daily"})
    left = -(inprocess.now(sandbox) + DAY) % DAY + DAY  # until the payout
    inprocess.advance(sandbox, left - 3600)
    send(sdk, seller, 1000)
    inprocess.advance(sandbox, 7200)
    assert ([one.amount for one in of(sdk, seller)], held(sdk, seller)[0]) == ([5000], 1000)
    inprocess.advance(sandbox, 2 * DAY)
    assert ([one.amount for one in of(sdk, seller)], held(sdk, seller)[0]) == ([1000, 5000], 0)


def test_the_clock_goes_on_when_an_account_ends_with_money_under_way(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "daily"}, "000111111113")
    payout = pay_out(sdk, at(seller))
    sdk.v1.accounts.delete(seller)
    inprocess.advance(sandbox, 9 * DAY)
    with unit(inprocess.sandbox_of(sandbox), seller) as scope:
        assert scope.get("payout", payout.id).body["status"] == "failed"


def test_an_automatic_payout_lists_what_it_paid_out_and_one_by_hand_does_not(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "daily"})
    pay_out(sdk, at(seller))
    inprocess.advance(sandbox, 2 * DAY)
    automatic, by_hand = of(sdk, seller)
    swept = sdk.v1.balance_transactions.list({"payout": automatic.id}, at(seller)).data
    assert sorted(one.net for one in swept) == [-4500, -500, 5000]
    with pytest.raises(stripe.InvalidRequestError) as error:
        sdk.v1.balance_transactions.list({"payout": by_hand.id}, at(seller))
    assert error.value.user_message == (
        "Balance transaction history can only be filtered on automatic transfers, not manual."
    )


@pytest.mark.parametrize(
    "schedule",
    [
        {"interval": "weekly", "weekly_anchor": "friday"},
        {"interval": "monthly", "monthly_anchor": 31},
    ],
)
def test_weekly_and_monthly_schedules_wait_for_their_day(sandbox: Flask, sdk: Any, schedule: Any) -> None:
    seller = account(sdk, schedule)
    inprocess.advance(sandbox, 40 * DAY)
    (payout,) = of(sdk, seller)
    day = datetime.fromtimestamp(payout.created, UTC)
    assert day.strftime("%A") == "Friday" if "weekly_anchor" in schedule else (day + timedelta(days=1)).day == 1


def test_money_that_waits_goes_out_once_the_schedule_is_automatic(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "manual"})
    inprocess.advance(sandbox, 10 * DAY)
    assert of(sdk, seller) == []
    sdk.v1.accounts.update(seller, {"settings": {"payouts": {"schedule": {"interval": "daily"}}}})
    inprocess.advance(sandbox, 2 * DAY)
    assert [(one.amount, one.automatic) for one in of(sdk, seller)] == [(5000, True)]


def test_after_a_failure_the_schedule_waits_for_another_bank_account(sandbox: Flask, sdk: Any) -> None:
    seller = account(sdk, {"interval": "daily"}, "000111111113")
    inprocess.advance(sandbox, 20 * DAY)
    assert [(one.status, one.failure_code) for one in of(sdk, seller)] == [("failed", "account_closed")]
    assert held(sdk, seller)[0] == 5000
    sdk.v1.accounts.external_accounts.create(
        seller, {"external_account": "btok_us_verified", "default_for_currency": True}
    )
    inprocess.advance(sandbox, 4 * DAY)
    assert of(sdk, seller)[0].status == "paid"
    assert held(sdk, seller)[0] == 0
