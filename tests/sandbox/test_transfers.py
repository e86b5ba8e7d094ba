from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess, inprocess_connect
from tests.sandbox.conftest import make_sdk, types
from tests.sandbox.driven.connect import ASKED
from tests.sandbox.driven.transfers import MANUAL, fund
from tests.sandbox.test_balance import DAY, money, pay

if TYPE_CHECKING:
    from flask import Flask

TOO_LITTLE = (
    "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance "
    "by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance"
)


@pytest.fixture
def seller(sdk: Any) -> str:
    """A connected account whose losses the platform bears, paid out by hand."""
    return str(sdk.v1.accounts.create(MANUAL).id)


@pytest.fixture
def standard(sandbox: Flask, sdk: Any) -> str:
    """A connected account that answers for its own losses."""
    made = sdk.v1.accounts.create({"type": "standard", "capabilities": ASKED})
    order = {"account": made.id, "type": "account_onboarding", "return_url": "http://127.0.0.1/r"}
    link = sdk.v1.account_links.create(order | {"refresh_url": "http://127.0.0.1/f"})
    assert inprocess_connect.onboard(sandbox, link.url)
    return str(made.id)


def send(sdk: Any, seller: str, amount: int = 2000, **more: Any) -> Any:
    return sdk.v1.transfers.create({"amount": amount, "currency": "usd", "destination": seller} | more)


def at(account: str) -> Any:
    return {"stripe_account": account}


def held(sdk: Any, account: str) -> tuple[int, int, int]:
    """Available, pending, and what is held back for accounts below zero, in cents."""
    found = sdk.v1.balance.retrieve({}, at(account))
    return found.available[0].amount, found.pending[0].amount, found.connect_reserved[0].amount


def refused(sdk: Any, seller: str, **order: Any) -> Any:
    with pytest.raises(stripe.InvalidRequestError) as error:
        send(sdk, seller, **order)
    assert error.value.http_status == 400
    return error.value


def test_a_transfer_moves_money_from_one_balance_to_the_other(sdk: Any, seller: str) -> None:
    fund(sdk)
    transfer = send(sdk, seller, description="October", transfer_group="order_1", metadata={"withdrawal": "wd_1"})
    assert (money(sdk), held(sdk, seller)) == ((9680 - 2000, 0), (2000, 0, 0))
    assert (transfer.description, transfer.transfer_group, transfer.metadata["withdrawal"]) == (
        "October", "order_1", "wd_1",
    )  # fmt: skip
    assert (transfer.source_type, transfer.amount_reversed, transfer.reversed) == ("card", 0, False)
    out = sdk.v1.balance_transactions.retrieve(transfer.balance_transaction)
    assert (out.type, out.net, out.fee, out.source, out.status) == ("transfer", -2000, 0, transfer.id, "available")
    payment = sdk.v1.charges.retrieve(transfer.destination_payment, {}, at(seller))
    assert (payment.id[:3], payment.amount, payment.source_transfer) == ("py_", 2000, transfer.id)
    into = sdk.v1.balance_transactions.retrieve(payment.balance_transaction, {}, at(seller))
    assert (into.type, into.net, into.source) == ("payment", 2000, payment.id)


def test_both_sides_hear_of_a_transfer(sandbox: Flask, sdk: Any, seller: str) -> None:
    fund(sdk)
    inprocess.deliveries(sandbox)
    send(sdk, seller)
    assert types(sdk)[-1] == "transfer.created"
    told = sdk.v1.events.list({"type": "payment.created"}, at(seller)).data[0]
    assert (told.account, told.data["object"]["amount"]) == (seller, 2000)
    assert [one.url.rsplit("/", 1)[-1] for one in inprocess.deliveries(sandbox)] == ["stripe", "connect"]


def test_a_transfer_needs_available_money_and_a_refusal_moves_none(sdk: Any, seller: str) -> None:
    pay(sdk, 10_000)
    error = refused(sdk, seller)
    assert (error.code, error.user_message) == ("balance_insufficient", TOO_LITTLE)
    assert (money(sdk), held(sdk, seller)) == ((0, 9680), (0, 0, 0))
    fund(sdk)
    assert refused(sdk, seller, amount=9681).code == "balance_insufficient"
    assert refused(sdk, seller, source_type="bank_account").code == "balance_insufficient"
    assert refused(sdk, seller, currency="eur").code == "balance_insufficient"
    assert send(sdk, seller, 9680).amount == 9680


def test_a_transfer_may_be_of_one_cent_and_not_of_less(sdk: Any, seller: str) -> None:
    fund(sdk)
    assert send(sdk, seller, 1).amount == 1
    error = refused(sdk, seller, amount=0)
    assert (error.code, error.param) == ("parameter_invalid_integer", "amount")
    assert error.user_message == "This value must be greater than or equal to 1."
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: amount"):
        sdk.v1.transfers.create({"currency": "usd", "destination": seller})


def test_the_destination_must_be_connected_to_the_platform(sandbox: Flask, sdk: Any, seller: str) -> None:
    fund(sdk)
    stranger = make_sdk(sandbox, "sk_test_two").v1.accounts.create(MANUAL).id
    for unknown in ("acct_1nobody", stranger):
        error = refused(sdk, unknown)
        assert error.user_message == f"No such destination: '{unknown}'"
        assert (error.code, error.param) == ("resource_missing", "destination")
    sdk.v1.accounts.delete(seller)
    assert refused(sdk, seller).code == "resource_missing"


def test_the_destination_must_be_able_to_take_transfers(sdk: Any) -> None:
    fund(sdk)
    error = refused(sdk, sdk.v1.accounts.create({"type": "express", "capabilities": ASKED}).id)
    assert error.code == "insufficient_capabilities_for_transfer"
    assert error.user_message == (
        "Your destination account needs to have at least one of the following capabilities enabled: "
        "transfers, crypto_transfers, legacy_payments"
    )


def test_with_a_source_the_money_comes_when_the_charges_does(sandbox: Flask, sdk: Any, seller: str) -> None:
    charge = pay(sdk, 10_000)
    transfer = send(sdk, seller, 6000, source_transaction=charge.id)
    assert (money(sdk), held(sdk, seller)) == ((0, 9680 - 6000), (0, 6000, 0))
    assert transfer.transfer_group == f"group_{charge.payment_intent}"
    assert sdk.v1.charges.retrieve(charge.id).transfer_group == transfer.transfer_group
    inprocess.advance(sandbox, 2 * DAY)
    assert (money(sdk), held(sdk, seller)) == ((3680, 0), (6000, 0, 0))


def test_a_source_gives_no_more_than_its_amount(sdk: Any, seller: str) -> None:
    source = {"source_transaction": pay(sdk, 10_000).id}
    limit = "Transfers using this transaction as a source must not exceed the source amount of $100.00."
    assert refused(sdk, seller, amount=10_001, **source).user_message == limit
    first = send(sdk, seller, 6000, **source)
    again = refused(sdk, seller, amount=4001, **source)
    assert again.user_message == f"{limit} (There is already a transfer using this source, amounting to $60.00.)"
    sdk.v1.transfers.reversals.create(first.id)
    assert send(sdk, seller, 10_000, **source).amount == 10_000


def test_a_source_has_to_be_a_charge_in_the_same_currency(sdk: Any, seller: str) -> None:
    charge = pay(sdk, 10_000)
    error = refused(sdk, seller, source_transaction=charge.id, currency="eur")
    assert error.user_message == (
        "The currency of source_transaction's balance transaction (usd) must be the same as the transfer currency (eur)"
    )
    assert refused(sdk, seller, source_transaction=charge.payment_intent).param == "source_transaction"


def test_transfers_are_listed_and_described(sdk: Any, seller: str) -> None:
    fund(sdk)
    other = sdk.v1.accounts.create(MANUAL).id
    first, second = send(sdk, seller, 100, transfer_group="g"), send(sdk, other, 200)
    listing = sdk.v1.transfers.list
    assert [one.id for one in listing().data] == [second.id, first.id]
    assert [one.id for one in listing({"destination": seller}).data] == [first.id]
    assert [one.id for one in listing({"transfer_group": "g"}).data] == [first.id]
    assert listing({"created": {"gt": second.created}}).data == []
    changed = sdk.v1.transfers.update(first.id, {"description": "new", "metadata": {"a": "1"}})
    assert (changed.description, types(sdk)[-1]) == ("new", "transfer.updated")
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer: 'tr_x'"):
        sdk.v1.transfers.retrieve("tr_x")


def test_a_transfer_comes_back_in_parts(sdk: Any, seller: str) -> None:
    fund(sdk)
    transfer = send(sdk, seller)
    part = sdk.v1.transfers.reversals.create(transfer.id, {"amount": 500, "metadata": {"a": "1"}})
    assert (money(sdk)[0], held(sdk, seller)[0]) == (9680 - 1500, 1500)
    back = sdk.v1.balance_transactions.retrieve(part.balance_transaction)
    assert (back.type, back.net, back.source) == ("transfer_refund", 500, part.id)
    refund = sdk.v1.refunds.retrieve(part.destination_payment_refund, {}, at(seller))
    assert (refund.id[:4], refund.amount, refund.source_transfer_reversal) == ("pyr_", 500, part.id)
    over = "Transfer reversal amount ($15.01) is greater than unreversed amount on transfer ($15.00)"
    with pytest.raises(stripe.InvalidRequestError) as error:
        sdk.v1.transfers.reversals.create(transfer.id, {"amount": 1501})
    assert error.value.user_message == over
    rest = sdk.v1.transfers.reversals.create(transfer.id)
    after = sdk.v1.transfers.retrieve(transfer.id)
    assert (rest.amount, after.amount_reversed, after.reversed) == (1500, 2000, True)
    assert [one.id for one in after.reversals.data] == [rest.id, part.id]
    assert [one.id for one in sdk.v1.transfers.reversals.list(transfer.id).data] == [rest.id, part.id]
    with pytest.raises(stripe.InvalidRequestError, match=f"The transfer {transfer.id} is already fully reversed."):
        sdk.v1.transfers.reversals.create(transfer.id)


def test_both_sides_hear_of_a_reversal(sdk: Any, seller: str) -> None:
    fund(sdk)
    sdk.v1.transfers.reversals.create(send(sdk, seller).id, {"amount": 500})
    told = sdk.v1.events.list({"type": "transfer.*"}).data
    assert [one.type for one in told] == ["transfer.reversed", "transfer.created"]
    assert told[0].data["previous_attributes"]["amount_reversed"] == 0
    there = [one.type for one in sdk.v1.events.list({}, at(seller)).data]
    assert there[:3] == ["charge.refunded", "refund.created", "payment.created"]


def test_a_pending_transfer_comes_back_pending(sandbox: Flask, sdk: Any, seller: str) -> None:
    transfer = send(sdk, seller, 6000, source_transaction=pay(sdk, 10_000).id)
    sdk.v1.transfers.reversals.create(transfer.id)
    assert (money(sdk), held(sdk, seller)) == ((0, 9680), (0, 0, 0))
    inprocess.advance(sandbox, 2 * DAY)
    assert (money(sdk), held(sdk, seller)) == ((9680, 0), (0, 0, 0))


def test_below_zero_the_platform_holds_back_as_much(sdk: Any, seller: str) -> None:
    fund(sdk)
    transfer = send(sdk, seller)
    sdk.v1.payouts.create({"amount": 1500, "currency": "usd"}, at(seller))
    sdk.v1.transfers.reversals.create(transfer.id)
    platform = sdk.v1.accounts.retrieve_current().id
    assert (held(sdk, seller), held(sdk, platform)) == ((-1500, 0, 0), (9680 - 1500, 0, 1500))
    reserve = sdk.v1.balance_transactions.list({"type": "reserve_transaction"}).data
    assert [one.net for one in reserve] == [-1500]
    send(sdk, seller, 1000)
    assert (held(sdk, seller), held(sdk, platform)) == ((-500, 0, 0), (9680 - 1500, 0, 500))


def test_who_answers_for_its_own_losses_must_have_the_money(sdk: Any, standard: str) -> None:
    fund(sdk)
    transfer = send(sdk, standard)
    sdk.v1.payouts.create({"amount": 1500, "currency": "usd"}, at(standard))
    with pytest.raises(stripe.InvalidRequestError) as error:
        sdk.v1.transfers.reversals.create(transfer.id)
    assert error.value.code == "balance_insufficient"
    assert held(sdk, standard)[0] == 500
    assert sdk.v1.transfers.reversals.create(transfer.id, {"amount": 500}).amount == 500


def test_a_refused_transfer_stays_refused_under_its_key(sdk: Any, seller: str) -> None:
    order: Any = {"amount": 2000, "currency": "usd", "destination": seller}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as error:
            sdk.v1.transfers.create(order, {"idempotency_key": "wd_1"})
        assert error.value.code == "balance_insufficient"
        fund(sdk)
    first, again = (sdk.v1.transfers.create(order, {"idempotency_key": "wd_2"}) for _ in range(2))
    assert (first.id, held(sdk, seller)[0]) == (again.id, 2000)


def test_a_platform_below_zero_sends_nothing(sdk: Any, seller: str) -> None:
    pay(sdk, 10_000, "pm_card_createDispute")
    assert money(sdk)[0] < 0
    assert refused(sdk, seller, amount=1).code == "balance_insufficient"
    assert held(sdk, seller) == (0, 0, 0)
