"""How disputes go on: inquiries, deadlines, refunds beside them, and decisions on the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.scope import unit
from randonumber.sandbox.wire.errors import Refused
from tests.sandbox.charging import charge, money, named, refused, since
from tests.sandbox.test_disputes import CLOSED, dispute, now, say

if TYPE_CHECKING:
    import stripe
    from flask import Flask

DAY = 86400
INQUIRY = "pm_card_createDisputeInquiry"


class Bank:
    """What the dashboard does to the disputes of the SDK's account."""

    def __init__(self, sandbox: Flask, sdk: stripe.StripeClient) -> None:
        self._parts = inprocess.sandbox_of(sandbox), sdk.v1.accounts.retrieve_current().id

    def opens(self, charge_id: str, **more: Any) -> Any:
        with unit(*self._parts) as scope:
            return disputes.open_dispute(scope, charge_id, **more)

    def decides(self, dispute_id: str, *, won: bool) -> Any:
        with unit(*self._parts) as scope:
            return disputes.decide(scope, dispute_id, won=won)


@pytest.fixture
def bank(sandbox: Flask, sdk: stripe.StripeClient) -> Bank:
    return Bank(sandbox, sdk)


def test_an_inquiry_moves_no_money_and_leaves_the_charge_refundable(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, INQUIRY, amount=1700)
    assert (found.status, found.reason) == ("warning_needs_response", "fraudulent")
    assert (found.balance_transaction, found.balance_transactions, found.is_charge_refundable) == (None, [], True)
    card = found.payment_method_details.card
    assert (card.case_type, card.network_reason_code) == ("inquiry", "10")
    assert money(sdk) == (0, 1700 - 79)
    assert named(since(sdk))[-1] == "charge.dispute.created"
    assert sdk.v1.charges.retrieve(found.charge).disputed
    assert sdk.v1.refunds.create({"charge": found.charge, "amount": 100}).status == "succeeded"


def test_an_inquiry_can_be_escalated_to_a_chargeback(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, INQUIRY, amount=1700)
    seen = len(since(sdk))
    assert say(sdk, found, "escalate_inquiry_evidence").status == "warning_under_review"
    after = now(sdk, found)
    assert (after.status, after.is_charge_refundable) == ("needs_response", False)
    assert after.payment_method_details.card.case_type == "chargeback"
    assert [entry.net for entry in after.balance_transactions] == [-3200]
    assert named(since(sdk, seen)) == [
        "charge.dispute.updated", "charge.updated", "charge.dispute.updated", "charge.dispute.funds_withdrawn",
    ]  # fmt: skip
    say(sdk, found, "winning_evidence")
    assert now(sdk, found).status == "won"


@pytest.mark.parametrize("words", ["losing_evidence", "winning_evidence"])
def test_an_inquiry_closes_without_moving_money(sdk: stripe.StripeClient, words: str) -> None:
    found = dispute(sdk, INQUIRY, amount=1700)
    say(sdk, found, words)
    assert (now(sdk, found).status, now(sdk, found).balance_transactions) == ("warning_closed", [])
    assert refused(lambda: say(sdk, found, "more")) == CLOSED


def test_refunding_all_of_it_closes_an_inquiry(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, INQUIRY, amount=1700)
    sdk.v1.refunds.create({"charge": found.charge, "amount": 700})
    assert now(sdk, found).status == "warning_needs_response"
    sdk.v1.refunds.create({"charge": found.charge})
    assert now(sdk, found).status == "warning_closed"
    assert named(since(sdk))[-1] == "charge.dispute.closed"


def test_an_inquiry_nobody_escalates_closes_after_120_days(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, INQUIRY, amount=1700)
    inprocess.advance(sandbox, 10 * DAY)
    assert (now(sdk, found).status, now(sdk, found).evidence_details.past_due) == ("warning_needs_response", True)
    inprocess.advance(sandbox, 109 * DAY)
    assert now(sdk, found).status == "warning_needs_response"
    inprocess.advance(sandbox, DAY)
    assert now(sdk, found).status == "warning_closed"


def test_a_chargeback_without_evidence_is_lost_when_its_time_is_up(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    silent, answered = dispute(sdk), dispute(sdk)
    say(sdk, answered, "It was delivered.")
    left = silent.evidence_details.due_by - inprocess.now(sandbox)
    inprocess.advance(sandbox, left - 60)
    assert now(sdk, silent).status == "needs_response"
    inprocess.advance(sandbox, 61)
    assert (now(sdk, silent).status, now(sdk, silent).evidence_details.past_due) == ("lost", True)
    assert now(sdk, answered).status == "under_review"
    assert refused(lambda: say(sdk, silent, "winning_evidence")) == CLOSED


def test_an_escalated_inquiry_has_a_deadline_of_its_own(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, INQUIRY)
    inprocess.advance(sandbox, 5 * DAY)
    say(sdk, found, "escalate_inquiry_evidence")
    inprocess.advance(sandbox, 5 * DAY)
    assert now(sdk, found).status == "needs_response"
    inprocess.advance(sandbox, 4 * DAY)
    assert now(sdk, found).status == "lost"


@pytest.mark.parametrize(("status", "left"), [("won", 6000 - 204 - 1500), ("lost", -204 - 1500)])
def test_the_bank_decides_on_the_dashboard(
    sandbox: Flask,
    sdk: stripe.StripeClient,
    bank: Bank,
    status: str,
    left: int,
) -> None:
    found = bank.opens(charge(sdk, amount=6000), reason="product_unacceptable")
    assert found["payment_method_details"]["card"]["network_reason_code"] == "13.3"
    assert bank.decides(found["id"], won=status == "won")["status"] == status
    inprocess.advance(sandbox, 3 * DAY)
    assert money(sdk) == (left, 0)
    with pytest.raises(Refused, match="This dispute is already closed"):
        bank.decides(found["id"], won=True)


def test_a_dispute_after_a_partial_refund_takes_what_is_left(sdk: stripe.StripeClient, bank: Bank) -> None:
    paid = charge(sdk, amount=6000)
    sdk.v1.refunds.create({"charge": paid, "amount": 2000})
    found = bank.opens(paid)
    assert (found["amount"], found["balance_transactions"][0]["net"]) == (4000, -5500)
    assert sum(money(sdk)) == 6000 - 204 - 2000 - 5500


def test_a_chargeback_fails_the_refunds_that_had_not_gone_out(sdk: stripe.StripeClient, bank: Bank) -> None:
    paid = charge(sdk, "pm_card_pendingRefund", amount=6000)
    made = sdk.v1.refunds.create({"charge": paid, "amount": 2000})
    found = bank.opens(paid)
    ended = sdk.v1.refunds.retrieve(made.id)
    assert (ended.status, ended.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert found["amount"] == 6000
    of = sdk.v1.charges.retrieve(paid).to_dict()
    assert (of["amount_refunded"], of["disputed"], of["dispute"]) == (0, True, found["id"])


def test_a_refund_of_an_inquired_charge_that_went_out_is_not_saved_by_the_chargeback(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, INQUIRY, amount=10_000)
    made = sdk.v1.refunds.create({"charge": found.charge, "amount": 2000})
    say(sdk, found, "escalate_inquiry_evidence")
    assert now(sdk, found).balance_transactions[0].amount == -10_000
    assert sdk.v1.refunds.retrieve(made.id).status == "succeeded"
    assert refused(lambda: sdk.v1.refunds.create({"charge": found.charge}))[1] == "charge_disputed"


def test_part_of_a_charge_can_be_disputed(sdk: stripe.StripeClient, bank: Bank) -> None:
    found = bank.opens(charge(sdk, amount=6000), amount=1000)
    assert found["balance_transactions"][0]["net"] == -2500


def test_what_nobody_could_dispute_is_refused(sdk: stripe.StripeClient, bank: Bank) -> None:
    refunded, disputed, paid = charge(sdk), charge(sdk), charge(sdk)
    sdk.v1.refunds.create({"charge": refunded})
    bank.opens(disputed)
    entries = len(sdk.v1.balance_transactions.list({"limit": 100}).data)
    refusals: list[tuple[str, dict[str, Any], str]] = [
        (refunded, {}, "Only 0 of this charge can be disputed"),
        (disputed, {}, "already been disputed"),
        (paid, {"amount": 5001}, "Only 5000 of this charge"),
        (paid, {"reason": "boredom"}, "Invalid reason"),
        ("ch_none", {}, "No such charge"),
    ]
    for charge_id, more, words in refusals:
        with pytest.raises(Refused, match=words):
            bank.opens(charge_id, **more)
    assert len(sdk.v1.balance_transactions.list({"limit": 100}).data) == entries


def test_a_disputed_debit_names_no_card(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    consent: Any = {"payment_method_types": ["us_bank_account"]}
    consent["mandate_data"] = {"customer_acceptance": {"type": "offline"}}
    paid = charge(sdk, "pm_usBankAccount_dispute", 1000, **consent)
    inprocess.advance(sandbox, 4 * DAY)
    found = sdk.v1.disputes.list({"charge": paid}).data[0]
    assert (found.reason, found.status) == ("debit_not_authorized", "needs_response")
    assert "payment_method_details" not in found
    assert money(sdk) == (1000 - 8 - 2500, 0)
