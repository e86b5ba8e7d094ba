"""Saving a card asks a bank whether it is good: whoever tries cards that way is stopped as one who pays with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.credits.models import CardSetupStatus
from randonumber.credits.service import card_setups
from randonumber.errors import RateLimited
from randonumber.payments import cards
from randonumber.sandbox.inprocess import SandboxHTTPClient
from tests.credits.conftest import Buyer, count
from tests.credits.on_page import Page
from tests.credits.saving import GOOD, Saver, live

if TYPE_CHECKING:
    from randonumber.credits.service.card_setups import Setup
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

FEW = 3
BAD = "4000000000000002"


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "MOST_FAILURES_PER_HOUR", FEW)


@pytest.fixture
def saver(buyer: Buyer, sandbox: StripeSandbox) -> Saver:
    return Saver(buyer=buyer, sandbox=sandbox)


def start(saver: Saver, form_ref: str = "form-0001") -> Setup:
    return card_setups.start(saver.person, form_ref, network="10.0.0.0/24")


def attempt(saver: Saver, setup: Setup, number: str = BAD) -> str:
    """Try to save a card with the client secret, as a script in a browser can as often as it likes."""
    browser = stripe.StripeClient("pk_test_sandbox", http_client=SandboxHTTPClient(saver.sandbox.app))
    card: Any = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = saver.sandbox.client.v1.payment_methods.create({"type": "card", "card": card}).id
    secret = card_setups.client_secret(setup.setup_intent_id or "")
    given: Any = {"client_secret": secret, "payment_method": method}
    try:
        return str(browser.v1.setup_intents.confirm(setup.setup_intent_id or "", given).status)
    except stripe.StripeError as error:
        return str(error.code)


@pytest.mark.pain(25)
def test_cards_cannot_be_tried_on_one_setup_for_ever(
    saver: Saver, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    setup = start(saver)
    for _ in range(FEW):
        assert attempt(saver, setup) == "card_declined"
    deliver_webhooks(copies=2)
    run_jobs(early=True)
    assert start(saver).status == CardSetupStatus.FAILED
    assert attempt(saver, setup) == "setup_intent_unexpected_state"
    with pytest.raises(RateLimited):
        start(saver, "form-0002")
    with pytest.raises(RateLimited):
        Page(person=saver.buyer.person, sandbox=saver.sandbox, form_ref="form-0003").press()
    assert count("card_setups") == 1


def test_a_card_that_is_saved_while_its_setup_is_closed_stays(
    saver: Saver, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    setup = start(saver)
    for _ in range(FEW):
        attempt(saver, setup)
    assert attempt(saver, setup, GOOD) == "succeeded"
    deliver_webhooks()
    run_jobs(early=True)
    assert start(saver).status == CardSetupStatus.SUCCEEDED
    assert [card.last4 for card in live(saver.person.user_id)] == ["4242"]


def test_who_mistypes_saves_the_next_card(saver: Saver, deliver_webhooks: DeliverWebhooks) -> None:
    setup = start(saver)
    attempt(saver, setup)
    deliver_webhooks()
    assert attempt(saver, setup, GOOD) == "succeeded"
    deliver_webhooks()
    assert len(live(saver.person.user_id)) == 1
