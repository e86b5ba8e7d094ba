"""Disputes against recorded test-mode traffic of September 2026: what they look like, take, and answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import inprocess
from tests.sandbox.charging import charge, earlier, money, named, refused, since

if TYPE_CHECKING:
    import stripe
    from flask import Flask

RECORDED_KEYS = {
    "id", "object", "amount", "balance_transaction", "balance_transactions", "charge", "created", "currency",
    "enhanced_eligibility_types", "evidence", "evidence_details", "is_charge_refundable", "livemode", "metadata",
    "payment_intent", "payment_method_details", "reason", "status",
}  # fmt: skip
CLOSED = (400, None, None, "This dispute is already closed")


def dispute(sdk: stripe.StripeClient, card: str = "pm_card_createDispute", amount: int = 6000, **more: Any) -> Any:
    """The dispute that follows a payment with such a card."""
    return sdk.v1.disputes.list({"charge": charge(sdk, card, amount, **more)}).data[0]


def say(sdk: stripe.StripeClient, of: Any, words: str, **more: Any) -> Any:
    """Submit evidence."""
    params: Any = {"evidence": {"uncategorized_text": words}, **more}
    return sdk.v1.disputes.update(of.id, params)


def now(sdk: stripe.StripeClient, of: Any) -> Any:
    return sdk.v1.disputes.retrieve(of.id)


def test_a_chargeback_looks_as_recorded(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "s05@example.com", "description": "scenario 05"})
    found = dispute(sdk, customer=customer.id, description="scenario 05 disputed").to_dict()
    assert set(found) == RECORDED_KEYS
    assert (found["amount"], found["currency"], found["status"]) == (6000, "usd", "needs_response")
    assert (found["reason"], found["is_charge_refundable"]) == ("fraudulent", False)
    assert found["payment_method_details"] == {
        "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"},
        "type": "card",
    }
    details = found["evidence_details"]
    assert details == details | {"has_evidence": False, "past_due": False, "submission_count": 0}
    assert (details["due_by"] + 1) % 86400 == 0
    assert 8 * 86400 <= details["due_by"] - found["created"] < 9 * 86400
    assert {name: text for name, text in found["evidence"].items() if text} == {
        "customer_email_address": "s05@example.com",
        "customer_name": "scenario 05",
        "product_description": "scenario 05 disputed",
    }
    of = sdk.v1.charges.retrieve(found["charge"], {"expand": ["dispute"]}).to_dict()
    assert (of["disputed"], of["refunded"], of["dispute"]["id"]) == (True, False, found["id"])


def test_a_chargeback_takes_the_amount_and_a_fee_at_once(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    [entry] = found.balance_transactions
    assert (entry.amount, entry.fee, entry.net, entry.status) == (-6000, 1500, -7500, "available")
    assert (entry.type, entry.reporting_category) == ("adjustment", "dispute")
    assert entry.description == f"Chargeback withdrawal for {found.charge}"
    assert entry.fee_details[0].description == "Dispute fee"
    assert entry.id == found.balance_transaction
    assert sdk.v1.balance_transactions.retrieve(entry.id, {"expand": ["source"]}).source.id == found.id  # type: ignore[union-attr]
    assert money(sdk) == (-7500, 6000 - 204)


def test_the_transactions_of_a_dispute_are_not_listed_by_their_source(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    assert sdk.v1.balance_transactions.list({"source": found.id}).data == []
    [entry] = sdk.v1.balance_transactions.list({"type": "adjustment"}).data
    assert entry.source == found.id


def test_a_chargeback_is_told_right_after_its_payment(sdk: stripe.StripeClient) -> None:
    dispute(sdk)
    assert named(since(sdk)) == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated",
        "charge.dispute.created", "charge.dispute.funds_withdrawn",
    ]  # fmt: skip
    assert since(sdk)[1]["data"]["object"]["disputed"] is False
    assert len(since(sdk)[4]["data"]["object"]["balance_transactions"]) == 1


def test_one_card_disputes_what_was_not_received(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, "pm_card_createDisputeProductNotReceived")
    assert (found.reason, found.status) == ("product_not_received", "needs_response")
    assert found.payment_method_details.card.network_reason_code == "13.1"


def test_a_charged_back_charge_cannot_be_refunded_until_the_dispute_is_won(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    assert refused(lambda: sdk.v1.refunds.create({"charge": found.charge, "amount": 100})) == (
        400, "charge_disputed", None, f"Charge {found.charge} has been charged back; cannot issue a refund.",
    )  # fmt: skip
    say(sdk, found, "winning_evidence")
    assert sdk.v1.refunds.create({"charge": found.charge, "amount": 100}).status == "succeeded"


def test_winning_evidence_is_reviewed_and_then_wins_the_amount_back(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    seen = len(since(sdk))
    answer = say(sdk, found, "winning_evidence")
    assert (answer.status, answer.is_charge_refundable) == ("under_review", False)
    assert (answer.evidence_details.has_evidence, answer.evidence_details.submission_count) == (True, 1)
    won = now(sdk, found)
    assert (won.status, won.is_charge_refundable, won.evidence.uncategorized_text) == ("won", True, "winning_evidence")
    taken, returned = won.balance_transactions
    assert (returned.amount, returned.fee, returned.net, returned.status) == (6000, 0, 6000, "pending")
    assert (returned.type, returned.reporting_category) == ("adjustment", "dispute_reversal")
    assert returned.description == f"Chargeback reversal for {found.charge}"
    assert taken.id == won.balance_transaction
    assert money(sdk) == (-7500, 6000 - 204 + 6000)
    told = since(sdk, seen)
    assert named(told) == [
        "charge.dispute.updated", "charge.updated", "charge.dispute.funds_reinstated", "charge.dispute.closed",
    ]  # fmt: skip
    assert earlier(told[0]) == {
        "evidence": {"uncategorized_text": None},
        "evidence_details": {"has_evidence": False, "submission_count": 0},
        "status": "needs_response",
    }
    assert sdk.v1.charges.retrieve(found.charge).disputed
    inprocess.advance(sandbox, 2 * 86400)
    assert money(sdk) == (-1500 - 204 + 6000, 0)
    assert [entry.status for entry in now(sdk, found).balance_transactions] == ["available", "available"]


def test_losing_evidence_loses(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    assert say(sdk, found, "losing_evidence").status == "under_review"
    lost = now(sdk, found)
    assert (lost.status, lost.is_charge_refundable, len(lost.balance_transactions)) == ("lost", False, 1)
    assert named(since(sdk))[-1] == "charge.dispute.closed"
    assert money(sdk) == (-7500, 6000 - 204)
    assert refused(lambda: sdk.v1.refunds.create({"charge": found.charge}))[1] == "charge_disputed"


def test_other_evidence_stays_under_review(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    say(sdk, found, "It was delivered.")
    assert now(sdk, found).status == "under_review"


def test_evidence_can_be_staged_before_it_is_submitted(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    staged = say(sdk, found, "winning_evidence", submit=False)
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0
    assert sdk.v1.disputes.update(found.id, {"submit": True}).status == "under_review"
    assert now(sdk, found).status == "won"


def test_metadata_alone_submits_nothing(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk)
    seen = len(since(sdk))
    answer = sdk.v1.disputes.update(found.id, {"metadata": {"a": "1"}})
    assert (answer.status, answer.to_dict()["metadata"]) == ("needs_response", {"a": "1"})
    assert earlier(since(sdk, seen)[0]) == {"metadata": {"a": None}}


def test_closing_a_dispute_loses_it_at_once_and_for_good(sdk: stripe.StripeClient) -> None:
    found = dispute(sdk, amount=2600)
    seen = len(since(sdk))
    lost = sdk.v1.disputes.close(found.id)
    assert (lost.status, lost.is_charge_refundable) == ("lost", False)
    assert named(since(sdk, seen)) == ["charge.dispute.closed", "charge.updated"]
    assert refused(lambda: say(sdk, found, "winning_evidence")) == CLOSED
    assert refused(lambda: sdk.v1.disputes.close(found.id)) == CLOSED


def test_a_dispute_that_does_not_exist_is_missing(sdk: stripe.StripeClient) -> None:
    missing = (404, "resource_missing", "dispute", "No such dispute: 'du_nope'")
    assert refused(lambda: sdk.v1.disputes.retrieve("du_nope")) == missing
    assert refused(lambda: sdk.v1.disputes.close("du_nope")) == missing


@pytest.mark.parametrize("name", ["receipt", "uncategorized_file", "customer_communication"])
def test_evidence_files_are_refused_plainly(sdk: stripe.StripeClient, name: str) -> None:
    evidence: Any = {name: "file_1"}
    refusal = refused(lambda: sdk.v1.disputes.update(dispute(sdk).id, {"evidence": evidence}))
    assert refusal[2:] == (f"evidence[{name}]", f"The sandbox does not do evidence with `{name}` yet.")


def test_evidence_has_a_length_in_all(sdk: stripe.StripeClient) -> None:
    names = ("access_activity_log", "cancellation_rebuttal", "duplicate_charge_explanation", "refund_policy_disclosure")
    more = ("cancellation_policy_disclosure", "refund_refusal_explanation")
    evidence: Any = dict.fromkeys((*names, *more), "x" * 20_000)
    of = dispute(sdk)
    assert sdk.v1.disputes.update(of.id, {"evidence": evidence, "submit": False}).evidence_details.has_evidence
    evidence |= {"service_date": "x" * 5000, "shipping_address": "x" * 5000, "uncategorized_text": "x" * 20_000}
    sdk.v1.disputes.update(of.id, {"evidence": evidence, "submit": False})
    evidence |= {"customer_name": "x"}
    refusal = refused(lambda: sdk.v1.disputes.update(of.id, {"evidence": evidence}))
    assert refusal[2:] == ("evidence", "Evidence can have up to 150000 characters in all.")


def test_an_empty_text_takes_evidence_back(sdk: stripe.StripeClient) -> None:
    of = dispute(sdk)
    say(sdk, of, "winning_evidence", submit=False)
    assert say(sdk, of, "", submit=False).evidence.uncategorized_text is None


def test_disputes_are_listed_by_charge_and_intent(sdk: stripe.StripeClient) -> None:
    first, second = dispute(sdk), dispute(sdk)
    assert [one.id for one in sdk.v1.disputes.list().data] == [second.id, first.id]
    assert [one.id for one in sdk.v1.disputes.list({"payment_intent": first.payment_intent}).data] == [first.id]
    assert sdk.v1.disputes.list({"created": {"gt": second.created + 60}}).data == []
    assert sdk.v1.disputes.list({"charge": charge(sdk)}).data == []
