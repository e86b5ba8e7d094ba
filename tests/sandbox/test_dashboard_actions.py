"""What a person does on the dashboard, and what the app then sees over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import SESSION, types

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe
    from flask import Flask

DAY = 86400
RICH = "4000000000000077"


@pytest.fixture
def act(page: Callable[..., Any]) -> Callable[..., Any]:
    """Press a button on an object's page."""

    def press(object_id: str, button: str, **form: str) -> Any:
        return page(f"/dashboard/object/{object_id}/{button}", form)

    return press


def paid(sandbox: Flask, sdk: stripe.StripeClient, card: str = RICH) -> Any:
    """A charge of 9.00, paid on the hosted page."""
    session = sdk.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    inprocess.pay(sandbox, session.id, card=card)
    return sdk.v1.charges.list({"limit": 1}).data[0]


def connected(sandbox: Flask, sdk: stripe.StripeClient) -> str:
    """An Express account whose owner has onboarded."""
    made = sdk.v1.accounts.create(
        {"type": "express", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    )
    link = sdk.v1.account_links.create(
        {
            "account": made.id,
            "type": "account_onboarding",
            "refresh_url": "http://127.0.0.1:5000/refresh",
            "return_url": "http://127.0.0.1:5000/return",
        }
    )
    assert inprocess.submit(sandbox, link.url.removeprefix("http://127.0.0.1:5001"), {"action": "complete"})
    return made.id


def test_a_charge_is_refunded_in_part_and_then_the_rest(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any], act: Callable[..., Any]
) -> None:
    charge = paid(sandbox, sdk)
    answer = act(charge.id, "refund", amount="2.5", reason="duplicate")
    assert answer.status_code == 303
    assert answer.location == f"/dashboard/object/{charge.id}?done=refund"
    refund = sdk.v1.refunds.list({"charge": charge.id}).data[0]
    assert (refund.amount, refund.reason) == (250, "duplicate")
    shown = page(answer.location).text
    assert "Refunded." in shown
    assert "$6.50 USD of it is left to refund." in shown
    assert 'value="6.50"' in shown
    assert act(charge.id, "refund", amount="", reason="").status_code == 303
    assert sdk.v1.charges.retrieve(charge.id).refunded
    assert act(charge.id, "refund", amount="1", reason="").status_code == 409


@pytest.mark.parametrize(
    ("amount", "status", "sentence"),
    [
        ("99", 400, "is greater than"),
        ("0", 400, ""),
        ("1.234", 400, "is no amount"),
        ("-5", 400, "is no amount"),
        ("<b>", 400, "is no amount"),
        ("9" * 30, 400, "is no amount"),
    ],
)
def test_what_is_refused_stands_on_the_page_and_keeps_what_was_typed(
    sandbox: Flask,
    sdk: stripe.StripeClient,
    act: Callable[..., Any],
    amount: str,
    status: int,
    sentence: str,
) -> None:
    charge = paid(sandbox, sdk)
    answer = act(charge.id, "refund", amount=amount, reason="")
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert sentence in answer.text
    assert "<b>" not in answer.text
    assert f'value="{amount}"'.replace("<b>", "&lt;b&gt;") in answer.text
    assert sdk.v1.refunds.list().data == []


def test_a_choice_that_is_not_in_the_list_is_refused(
    sandbox: Flask, sdk: stripe.StripeClient, act: Callable[..., Any]
) -> None:
    charge = paid(sandbox, sdk)
    assert act(charge.id, "refund", amount="1", reason="nonsense").status_code == 422
    assert act(charge.id, "dispute").status_code == 422
    assert act(charge.id, "nonsense").status_code == 404
    assert act("ch_none", "refund", amount="1", reason="").status_code == 404


@pytest.mark.parametrize(("button", "status"), [("win", "won"), ("lose", "lost")])
def test_a_dispute_is_opened_and_decided(
    sandbox: Flask, sdk: stripe.StripeClient, act: Callable[..., Any], button: str, status: str
) -> None:
    charge = paid(sandbox, sdk)
    assert act(charge.id, "dispute", reason="product_not_received").status_code == 303
    dispute = sdk.v1.disputes.list().data[0]
    assert (dispute.charge, dispute.reason, dispute.status) == (charge.id, "product_not_received", "needs_response")
    assert act(dispute.id, button).status_code == 303
    assert sdk.v1.disputes.retrieve(dispute.id).status == status
    assert act(dispute.id, button).status_code == 409


def test_a_refund_that_went_through_can_fail_later(
    sandbox: Flask, sdk: stripe.StripeClient, act: Callable[..., Any]
) -> None:
    refund = sdk.v1.refunds.create({"charge": paid(sandbox, sdk).id})
    assert act(refund.id, "fail").status_code == 303
    assert sdk.v1.refunds.retrieve(refund.id).status == "failed"


def test_a_session_is_expired_and_a_payment_canceled(sdk: stripe.StripeClient, act: Callable[..., Any]) -> None:
    session = sdk.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    intent = sdk.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    assert act(session.id, "expire").status_code == 303
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert act(intent.id, "cancel").status_code == 303
    assert sdk.v1.payment_intents.retrieve(intent.id).status == "canceled"


@pytest.mark.parametrize(("button", "status"), [("succeed", "succeeded"), ("fail", "requires_payment_method")])
def test_a_bank_debit_is_decided_at_once(
    sdk: stripe.StripeClient, act: Callable[..., Any], button: str, status: str
) -> None:
    intent = sdk.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "payment_method": "pm_usBankAccount",
            "payment_method_types": ["us_bank_account"],
            "confirm": True,
            "mandate_data": {
                "customer_acceptance": {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "x"}}
            },
        }
    )
    assert intent.status == "processing"
    assert act(intent.id, button, code="account_closed").status_code == 303
    assert sdk.v1.payment_intents.retrieve(intent.id).status == status


def test_a_transfer_is_taken_back(sandbox: Flask, sdk: stripe.StripeClient, act: Callable[..., Any]) -> None:
    paid(sandbox, sdk)
    transfer = sdk.v1.transfers.create({"amount": 600, "currency": "usd", "destination": connected(sandbox, sdk)})
    assert act(transfer.id, "reverse", amount="7").status_code == 400
    assert act(transfer.id, "reverse", amount="2").status_code == 303
    assert sdk.v1.transfers.retrieve(transfer.id).amount_reversed == 200


def test_a_document_falls_due_and_is_taken(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any], act: Callable[..., Any]
) -> None:
    account = connected(sandbox, sdk)
    assert sdk.v1.accounts.retrieve(account).payouts_enabled
    assert act(account, "restrict").status_code == 303
    assert not sdk.v1.accounts.retrieve(account).payouts_enabled
    assert "Its balance cannot be paid out." in page(f"/dashboard/object/{account}").text
    assert act(account, "clear").status_code == 303
    assert sdk.v1.accounts.retrieve(account).payouts_enabled


def test_the_onboarding_page_and_the_express_dashboard_are_a_button_away(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any], act: Callable[..., Any]
) -> None:
    account = connected(sandbox, sdk)
    for button, path in (("onboard", "/onboarding/"), ("log-in", "/express/")):
        answer = act(account, button)
        assert answer.status_code == 303
        assert f"{path}{account}?" in answer.location
    assert page(act(account, "onboard").location.removeprefix("http://127.0.0.1:5001")).status_code == 200


def test_an_endpoint_shows_its_secret_and_is_switched_off_and_on(
    sdk: stripe.StripeClient, page: Callable[..., Any], act: Callable[..., Any]
) -> None:
    made = sdk.v1.webhook_endpoints.create({"url": "http://127.0.0.1:5000/x", "enabled_events": ["customer.created"]})
    sdk.v1.customers.create({})
    shown = page(f"/dashboard/object/{made.id}").text
    assert str(made.secret) in shown
    assert "customer.created" in shown
    for button, status in (("disable", "disabled"), ("enable", "enabled")):
        assert act(made.id, button).status_code == 303
        assert sdk.v1.webhook_endpoints.retrieve(made.id).status == status


def test_another_sites_page_presses_no_button(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any]
) -> None:
    charge = paid(sandbox, sdk)
    for path in (f"/dashboard/object/{charge.id}/refund", "/dashboard/faults", "/dashboard/faults/clear"):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            assert page(path, {"amount": "", "reason": ""}, headers=headers).status_code == 403
    assert sdk.v1.refunds.list().data == []


def test_a_whole_business_is_played_through_on_the_dashboard(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any], act: Callable[..., Any]
) -> None:
    refunded, disputed = paid(sandbox, sdk), paid(sandbox, sdk, "4242424242424242")
    paid(sandbox, sdk)
    assert act(refunded.id, "refund", amount="1.00", reason="").status_code == 303
    assert act(disputed.id, "dispute", reason="fraudulent").status_code == 303
    assert act(sdk.v1.disputes.list().data[0].id, "win").status_code == 303
    assert page("/dashboard/clock", {"step": "week"}).status_code == 303

    platform, seller = sdk.v1.accounts.retrieve_current().id, connected(sandbox, sdk)
    sdk.v1.transfers.create({"amount": 500, "currency": "usd", "destination": seller})
    assert act(seller, "payout", amount="5", currency="usd").status_code == 303
    payout = sdk.v1.payouts.list({}, {"stripe_account": seller}).data[0]
    assert act(payout.id, "fail", code="account_closed").status_code == 303
    failed = sdk.v1.payouts.retrieve(payout.id, {}, {"stripe_account": seller})
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert act(platform, "payout", amount="1", currency="usd").status_code == 303
    assert act(sdk.v1.payouts.list().data[0].id, "arrive").status_code == 303
    assert act(platform, "payout", amount="9999", currency="usd").status_code == 400
    assert act(seller, "deauthorize").status_code == 303

    told = types(sdk)
    for kind in (
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
        "transfer.created",
        "payout.paid",
    ):
        assert kind in told
    of_seller = page(f"/dashboard/objects/event?account={seller}").text
    for kind in ("payment.created", "payout.created", "payout.failed", "account.application.deauthorized"):
        assert kind in of_seller
    assert "charge.refunded" not in of_seller
    assert "disconnected" in page("/dashboard").text
