"""A purchase paid from a bank account: credits come when the bank has paid, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.credits.models import PurchaseStatus
from randonumber.sandbox import inprocess
from tests.credits.conftest import FREE_CREDITS, count, house, stored
from tests.people import sign_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox

FOUR_DAYS = 4 * 24 * 3600 + 60


def paid_by_bank(buyer: Buyer, sandbox: StripeSandbox, account: str = "000123456789") -> str:
    """Order and let a bank be asked for the money."""
    started = buyer.start()
    assert started.url is not None
    assert inprocess.pay_by_bank(sandbox.app, started.url, account=account)
    return started.ref


@pytest.mark.pain(6)
def test_a_completed_session_that_is_unpaid_grants_nothing(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid_by_bank(buyer, sandbox)
    assert "checkout.session.completed" in deliver_webhooks()
    assert stored(ref).status == PurchaseStatus.PENDING
    assert (buyer.credits, house("sales")) == (FREE_CREDITS, 0)


def test_its_page_says_that_nothing_is_left_to_do_and_leads_to_no_second_payment(
    buyer: Buyer, sandbox: StripeSandbox, client: FlaskClient
) -> None:
    sign_in(client, buyer.person)
    ref = paid_by_bank(buyer, sandbox)
    page = client.get(f"/credits/purchases/{ref}")
    assert "Your payment is on its way." in page.text
    assert "Continue to payment" not in page.text
    assert client.get(f"/credits/purchases/{ref}?go=1").status_code == 200, "the form sent twice stays here as well"


def test_the_page_of_one_that_the_bank_did_not_pay_says_so(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, client: FlaskClient
) -> None:
    sign_in(client, buyer.person)
    ref = paid_by_bank(buyer, sandbox, "000222222227")
    deliver_webhooks()
    sandbox.advance(FOUR_DAYS)
    deliver_webhooks()
    page = client.get(f"/credits/purchases/{ref}").text
    assert "Your bank did not make the payment." in page
    assert "declined this card" not in page


@pytest.mark.pain(6)
def test_days_later_the_bank_has_paid_and_the_credits_come_once(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid_by_bank(buyer, sandbox)
    deliver_webhooks()
    sandbox.advance(FOUR_DAYS)
    assert "checkout.session.async_payment_succeeded" in deliver_webhooks(copies=3, shuffle=1)
    assert stored(ref).status == PurchaseStatus.PAID
    assert (buyer.credits, house("sales")) == (FREE_CREDITS + 10, 900)
    assert count("transactions", "kind = 'purchase' AND ref = :ref", ref=ref) == 1


@pytest.mark.pain(6)
def test_or_the_bank_did_not_pay_and_nothing_comes(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid_by_bank(buyer, sandbox, "000222222227")
    deliver_webhooks()
    sandbox.advance(FOUR_DAYS)
    assert "checkout.session.async_payment_failed" in deliver_webhooks(copies=2)
    assert stored(ref).status == PurchaseStatus.FAILED
    assert (buyer.credits, house("sales")) == (FREE_CREDITS, 0)
