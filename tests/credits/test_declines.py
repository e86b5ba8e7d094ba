"""Whoever tries cards on our pages is stopped; an honest buyer is not in the way of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.credits.models import PurchaseStatus
from randonumber.database import transaction
from randonumber.errors import RateLimited
from randonumber.payments import cards
from randonumber.reconciliation import service as reconciliation
from tests.credits.conftest import FREE_CREDITS, Buyer, count, stored
from tests.credits.on_page import DECLINED, Page, intents_at_stripe
from tests.credits.saving import DECLINES_LATER, Saver
from tests.credits.test_wallet_buying import buy
from tests.credits.wallets import fill
from tests.people import make_user

if TYPE_CHECKING:
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

FEW = 3


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "MOST_FAILURES_PER_HOUR", FEW)


@pytest.fixture
def page(buyer: Buyer, sandbox: StripeSandbox) -> Page:
    return Page(person=buyer.person, sandbox=sandbox)


def failures() -> int:
    with transaction() as session:
        found: int | None = session.execute(
            text("SELECT sum(hits) FROM rate_limits WHERE name = :name"), {"name": cards.FAILURES}
        ).scalar_one()
        return int(found or 0)


@pytest.mark.pain(25)
def test_cards_cannot_be_tried_on_one_intent_for_ever(
    page: Page, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    started = page.press()
    for _ in range(FEW - 1):
        assert page.pay(started.client_secret, DECLINED) == "card_declined"
    deliver_webhooks()
    assert stored(started.ref).status == PurchaseStatus.PENDING
    assert page.pay(started.client_secret, DECLINED) == "card_declined"
    deliver_webhooks()
    run_jobs(early=True)
    assert failures() == FEW
    assert stored(started.ref).status == PurchaseStatus.EXPIRED
    assert intents_at_stripe(sandbox, "canceled") == intents_at_stripe(sandbox) == 1
    assert page.pay(started.client_secret) == "payment_intent_unexpected_state"
    with pytest.raises(RateLimited):
        page.press()
    assert count("purchases") == 1


@pytest.mark.pain(25)
def test_nor_with_saved_cards(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> None:
    saver = Saver(buyer=buyer, sandbox=sandbox)
    card = saver.save(DECLINES_LATER)
    for number in range(FEW):
        ref = saver.buy(card, form_ref=f"form-{number:04}").ref
        assert stored(ref).status == PurchaseStatus.FAILED
    deliver_webhooks()
    with pytest.raises(RateLimited):
        saver.buy(card, form_ref="form-0009")
    assert failures() == count("purchases") == FEW
    assert reconciliation.reconcile().agrees


def test_the_same_event_twice_is_one_failure(page: Page, deliver_webhooks: DeliverWebhooks) -> None:
    started = page.press()
    page.pay(started.client_secret, DECLINED)
    deliver_webhooks(copies=5, shuffle=7)
    assert failures() == 1


def test_an_honest_buyer_who_mistypes_pays_with_the_next_card(
    page: Page, buyer: Buyer, deliver_webhooks: DeliverWebhooks
) -> None:
    started = page.press()
    page.pay(started.client_secret, DECLINED)
    deliver_webhooks()
    assert page.pay(page.press().client_secret) == "succeeded"
    deliver_webhooks()
    assert (stored(started.ref).status, buyer.credits) == (PurchaseStatus.PAID, FREE_CREDITS + 10)


def test_stripes_own_page_and_the_wallet_stay_open(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    _use_up(page, deliver_webhooks, run_jobs)
    fill(buyer, 900)
    buy(buyer, 10, "form-0008")
    url = buyer.start(10, "form-0007").url
    assert url is not None
    sandbox.pay(url)
    deliver_webhooks()
    assert buyer.credits == FREE_CREDITS + 20


def test_failures_on_stripes_own_page_are_stripes(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    url = buyer.start().url
    assert url is not None
    for _ in range(FEW + 1):
        sandbox.pay(url, card="4000000000000002")
    deliver_webhooks()
    assert failures() == 0


def test_it_is_over_after_an_hour_and_is_nobody_elses(
    page: Page, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    _use_up(page, deliver_webhooks, run_jobs)
    other = Page(person=make_user(), sandbox=page.sandbox, form_ref="form-0002")
    assert other.press().client_secret
    with clock.frozen(clock.now() + timedelta(hours=1, seconds=1)):
        assert page.press().client_secret


def test_a_payment_that_succeeds_while_its_intent_is_closed_counts(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    started = page.press()
    for _ in range(FEW):
        page.pay(started.client_secret, DECLINED)
    assert page.pay(started.client_secret) == "succeeded"
    deliver_webhooks(shuffle=3)
    assert (stored(started.ref).status, buyer.credits) == (PurchaseStatus.PAID, FREE_CREDITS + 10)
    assert reconciliation.reconcile().agrees


def _use_up(page: Page, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs) -> None:
    secret = page.press().client_secret
    for _ in range(FEW):
        page.pay(secret, DECLINED)
    deliver_webhooks()
    run_jobs(early=True)
    with pytest.raises(RateLimited):
        page.press()
