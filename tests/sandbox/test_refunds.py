"""Refunds against recorded test-mode traffic of September 2026, and what only time shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from tests.sandbox.charging import charge, earlier, named, refused, since

if TYPE_CHECKING:
    from flask import Flask

RECORDED_KEYS = {
    "id", "object", "amount", "balance_transaction", "charge", "created", "currency", "customer", "customer_account",
    "destination_details", "metadata", "payment_intent", "payment_method", "reason", "receipt_number",
    "source_transfer_reversal", "status", "transfer_reversal",
}  # fmt: skip


def test_a_partial_refund_answers_as_recorded(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk, description="scenario 05 charge")
    made = sdk.v1.refunds.create({"charge": paid, "amount": 1500, "reason": "duplicate", "metadata": {"p": "s05"}})
    of = sdk.v1.charges.retrieve(paid)
    assert set(made.to_dict()) == RECORDED_KEYS
    assert (made.amount, made.status, made.reason, made.to_dict()["metadata"]) == (
        1500, "succeeded", "duplicate", {"p": "s05"},
    )  # fmt: skip
    assert (made.charge, made.payment_intent, made.payment_method) == (paid, of.payment_intent, of.payment_method)
    assert made.to_dict()["destination_details"] == {
        "card": {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "type": "card",
    }
    assert (of.amount_refunded, of.refunded, of.disputed) == (1500, False, False)


def test_the_trace_number_of_a_card_refund_is_there_a_moment_later(sdk: stripe.StripeClient) -> None:
    made = sdk.v1.refunds.create({"charge": charge(sdk)})
    found = sdk.v1.refunds.retrieve(made.id).to_dict()["destination_details"]["card"]
    assert found["reference_status"] == "available"
    assert len(found["reference"]) == 16


def test_a_refund_without_an_amount_takes_what_is_left(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk)
    sdk.v1.refunds.create({"charge": paid, "amount": 1500})
    assert sdk.v1.refunds.create({"charge": paid}).amount == 3500
    of = sdk.v1.charges.retrieve(paid)
    assert (of.amount_refunded, of.refunded) == (5000, True)
    assert refused(lambda: sdk.v1.refunds.create({"charge": paid, "amount": 1})) == (
        400, "charge_already_refunded", None, f"Charge {paid} has already been refunded.",
    )  # fmt: skip


def test_more_than_is_left_is_refused(sdk: stripe.StripeClient) -> None:
    intent = str(sdk.v1.charges.retrieve(charge(sdk, amount=3200)).payment_intent)
    sdk.v1.refunds.create({"payment_intent": intent, "amount": 700})
    assert refused(lambda: sdk.v1.refunds.create({"payment_intent": intent, "amount": 3000})) == (
        400, None, "amount", "Refund amount ($30.00) is greater than unrefunded amount on charge ($25.00)",
    )  # fmt: skip


NOT_EVEN_ONE = "This value must be greater than or equal to 1."
NO_SUCH = "No such charge: 'ch_unknown0000000000000000'"
REFUSALS: list[tuple[Any, tuple[int, str | None, str | None, str]]] = [
    (
        {"amount": 100},
        (400, None, None, "One of the following params should be provided for this request: payment_intent or charge."),
    ),
    ({"charge": "ch_unknown0000000000000000"}, (404, "resource_missing", "id", NO_SUCH)),
    (
        {"payment_intent": "pi_unknown"},
        (404, "resource_missing", "payment_intent", "No such payment_intent: 'pi_unknown'"),
    ),
    ({"charge": "PAID", "amount": 0}, (400, "parameter_invalid_integer", "amount", NOT_EVEN_ONE)),
    ({"charge": "PAID", "amount": -5}, (400, "parameter_invalid_integer", "amount", NOT_EVEN_ONE)),
    (
        {"charge": "PAID", "reason": "expired_uncaptured_charge"},
        (400, None, "reason", "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer"),
    ),
]


@pytest.mark.parametrize(("params", "refusal"), REFUSALS)
def test_what_cannot_be_refunded_is_refused_in_stripes_words(
    sdk: stripe.StripeClient, params: Any, refusal: tuple[int, str | None, str | None, str]
) -> None:
    paid = charge(sdk)
    sent = params | ({"charge": paid} if params.get("charge") == "PAID" else {})
    assert refused(lambda: sdk.v1.refunds.create(sent)) == refusal
    assert sdk.v1.refunds.list().data == []


def test_an_intent_without_a_paid_charge_cannot_be_refunded(sdk: stripe.StripeClient) -> None:
    unpaid = sdk.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    with pytest.raises(stripe.CardError):
        charge(sdk, "pm_card_chargeDeclined")
    declined = sdk.v1.charges.list().data[0]
    for params, intent in (
        ({"payment_intent": unpaid.id}, unpaid.id),
        ({"payment_intent": str(declined.payment_intent)}, declined.payment_intent),
        ({"charge": declined.id}, declined.payment_intent),
    ):
        sentence = f"This PaymentIntent ({intent}) does not have a successful charge to refund."
        assert refused(lambda params=params: sdk.v1.refunds.create(params)) == (400, None, None, sentence)  # type: ignore[misc]


def test_a_charge_and_an_intent_that_belong_together_may_both_be_named(sdk: stripe.StripeClient) -> None:
    paid, other = charge(sdk), charge(sdk)
    intent = str(sdk.v1.charges.retrieve(paid).payment_intent)
    with pytest.raises(stripe.InvalidRequestError, match="does not belong to"):
        sdk.v1.refunds.create({"charge": other, "payment_intent": intent})
    assert sdk.v1.refunds.create({"charge": paid, "payment_intent": intent}).charge == paid


@pytest.mark.parametrize(
    "params",
    [
        {"reverse_transfer": True},
        {"refund_application_fee": True},
        {"instructions_email": "a@example.com"},
        {"origin": "customer_balance"},
    ],
)
def test_what_is_not_there_yet_is_said_plainly(sdk: stripe.StripeClient, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="The sandbox does not do"):
        sdk.v1.refunds.create({"charge": charge(sdk)} | params)


def test_a_refund_tells_of_itself_in_the_recorded_order(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk)
    seen = len(since(sdk))
    made = sdk.v1.refunds.create({"charge": paid, "amount": 1500})
    created, refunded, updated, legacy = since(sdk, seen)
    assert named([created, refunded, updated, legacy]) == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
    ]
    assert {event["data"]["object"]["id"] for event in (created, updated, legacy)} == {made.id}
    assert refunded["data"]["object"]["amount_refunded"] == 1500
    assert earlier(refunded) == {"amount_refunded": 0}
    assert (created["request"]["id"] is None, updated["request"]["id"]) == (False, None)


def test_metadata_is_all_that_can_be_changed(sdk: stripe.StripeClient) -> None:
    made = sdk.v1.refunds.create({"charge": charge(sdk), "metadata": {"a": "1"}})
    seen = len(since(sdk))
    assert sdk.v1.refunds.update(made.id, {"metadata": {"k": "v"}}).to_dict()["metadata"] == {"a": "1", "k": "v"}
    assert named(since(sdk, seen)) == ["refund.updated", "charge.refund.updated"]
    assert earlier(since(sdk, seen)[0]) == {"metadata": {"k": None}}
    sdk.v1.refunds.update(made.id, {"metadata": {"k": "v"}})
    assert len(since(sdk, seen)) == 2
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: reason"):
        sdk.v1.refunds.update(made.id, {"reason": "duplicate"})  # type: ignore[arg-type]


def test_a_refund_that_has_gone_out_cannot_be_cancelled(sdk: stripe.StripeClient) -> None:
    made = sdk.v1.refunds.create({"charge": charge(sdk)})
    assert refused(lambda: sdk.v1.refunds.cancel(made.id)) == (
        400, None, None, "Canceling this refund is unsupported.",
    )  # fmt: skip


def test_a_refund_that_does_not_exist_is_missing(sdk: stripe.StripeClient) -> None:
    missing = (404, "resource_missing", "refund", "No such refund: 're_nope'")
    assert refused(lambda: sdk.v1.refunds.retrieve("re_nope")) == missing
    assert refused(lambda: sdk.v1.refunds.cancel("re_nope")) == missing


def test_refunds_are_listed_by_charge_intent_and_time(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    paid = charge(sdk)
    first = sdk.v1.refunds.create({"charge": paid, "amount": 100})
    moment = inprocess.advance(sandbox, 100)
    second = sdk.v1.refunds.create({"charge": paid, "amount": 200})
    other = sdk.v1.refunds.create({"charge": charge(sdk)})
    assert [one.id for one in sdk.v1.refunds.list().data] == [other.id, second.id, first.id]
    assert [one.id for one in sdk.v1.refunds.list({"charge": paid}).data] == [second.id, first.id]
    assert [one.id for one in sdk.v1.refunds.list({"payment_intent": str(first.payment_intent)}).data] == [
        second.id, first.id,
    ]  # fmt: skip
    assert [one.id for one in sdk.v1.refunds.list({"created": {"lt": moment}}).data] == [first.id]


def test_a_charge_shows_its_refunds_only_on_demand(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk)
    assert "refunds" not in sdk.v1.charges.retrieve(paid)
    made = [sdk.v1.refunds.create({"charge": paid, "amount": 10}).id for _ in range(11)]
    shown = sdk.v1.charges.retrieve(paid, {"expand": ["refunds.data.balance_transaction"]}).to_dict()["refunds"]
    assert [one["id"] for one in shown["data"]] == made[:0:-1]
    assert (shown["has_more"], shown["total_count"], shown["url"]) == (True, 11, f"/v1/charges/{paid}/refunds")
    assert shown["data"][0]["balance_transaction"]["net"] == -10
    intent = str(sdk.v1.charges.retrieve(paid).payment_intent)
    latest = sdk.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge.refunds"]}).to_dict()["latest_charge"]
    assert len(latest["refunds"]["data"]) == 10


def test_a_fraudulent_refund_marks_the_charge(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk)
    sdk.v1.refunds.create({"charge": paid, "reason": "fraudulent"})
    assert sdk.v1.charges.retrieve(paid).to_dict()["fraud_details"] == {"user_report": "fraudulent"}


def test_one_key_refunds_once_and_keeps_a_refusal(sdk: stripe.StripeClient) -> None:
    paid = charge(sdk)
    first, again = (sdk.v1.refunds.create({"charge": paid}, {"idempotency_key": "r1"}) for _ in range(2))
    assert first.id == again.id
    assert len(sdk.v1.refunds.list().data) == 1
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="has already been refunded"):
            sdk.v1.refunds.create({"charge": paid}, {"idempotency_key": "r2"})


def test_a_refund_hides_from_other_accounts(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    made = sdk.v1.refunds.create({"charge": charge(sdk)})
    client = inprocess.SandboxHTTPClient(sandbox)
    stranger = stripe.StripeClient("sk_test_two", http_client=client, max_network_retries=0)
    assert refused(lambda: stranger.v1.refunds.retrieve(made.id))[:2] == (404, "resource_missing")
    assert refused(lambda: stranger.v1.refunds.create({"charge": str(made.charge)}))[:2] == (404, "resource_missing")
