"""Paying on our own page: one form is one intent of one amount, and no money comes without its credits."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import clock
from randonumber.credits import jobs, service
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.pricing import NotForSale
from randonumber.credits.service import intents
from randonumber.errors import TryLater
from randonumber.failpoints import FailpointRaised, arm
from randonumber.reconciliation.service import reconcile
from tests.credits.conftest import FREE_CREDITS, count, house, stored
from tests.credits.on_page import CANCELS, CHALLENGED, DECLINED, INTENTS, Page, id_of, intents_at_stripe, taken
from tests.people import make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from randonumber.credits.service import OnPage
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

LOST = ["reset_before", "reset_after", "error_500", "error_500_done", "error_429", "error_409", "truncate"]
A_DAY = timedelta(hours=24, minutes=1)


@pytest.fixture
def page(buyer: Buyer, sandbox: StripeSandbox) -> Iterator[Page]:
    """Somebody at the on-page form; at the end the books agree with Stripe to the cent."""
    yield Page(person=buyer.person, sandbox=sandbox)
    arm({})
    sandbox.clear_faults()
    report = reconcile()
    assert (report.agrees, report.difference) == (True, 0)


def press_until(page: Page, run_jobs: RunJobs, quantity: int = 10) -> OnPage:
    """Press Pay again and again, as the page asks for, while the journal goes on."""
    for _ in range(20):
        try:
            return page.press(quantity)
        except TryLater as error:
            assert error.headers["Retry-After"]  # noqa: PT017 - whether it is raised depends on the fault
        run_jobs(early=True, may_fail=True)
    pytest.fail("Stripe never answered")


def end_calls(run_jobs: RunJobs) -> None:
    """Let the journal come to an end by itself."""
    for _ in range(20):
        if count("stripe_calls", "closed_at IS NULL") == 0:
            return
        run_jobs(early=True, may_fail=True)
    pytest.fail("a call stays open")


def test_a_form_gets_an_intent_of_its_price_and_the_payment_gives_the_credits(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    found = page.press(25)
    assert (found.status, found.amount_minor, found.currency) == (PurchaseStatus.PENDING, 2_250, "usd")
    assert page.pay(found.client_secret) == "succeeded"
    deliver_webhooks(copies=2, shuffle=1)
    purchase = stored(found.ref)
    assert (purchase.status, purchase.method, purchase.card_last4) == ("paid", "custom", "4242")
    assert purchase.payment_intent_id == id_of(found.client_secret)
    assert buyer.credits == FREE_CREDITS + 25
    assert (house("sales"), taken(sandbox)) == (2_250, 2_250)
    assert count("mail_messages", "template = 'receipt'") == 1


def test_the_same_form_again_is_the_same_intent(page: Page, sandbox: StripeSandbox) -> None:
    assert page.press() == page.press()
    assert (count("purchases"), intents_at_stripe(sandbox)) == (1, 1)


@pytest.mark.pain(4)
def test_the_same_form_ten_times_at_once_is_one_purchase_and_one_intent(
    page: Page, sandbox: StripeSandbox, committed: Flask
) -> None:
    def press(_: int) -> str | None:
        with committed.app_context():
            return page.press().client_secret

    with ThreadPoolExecutor(10) as threads:
        [secret] = set(threads.map(press, range(10)))
    assert secret
    assert (count("purchases"), intents_at_stripe(sandbox), count("stripe_customers")) == (1, 1, 1)


def test_a_secret_is_kept_nowhere_and_shown_in_no_log(
    page: Page, sandbox: StripeSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    found = page.press()
    secret = found.client_secret
    assert secret
    assert secret not in repr(found)
    assert all(secret not in json.dumps(record.__dict__, default=str) for record in caplog.records)
    for table in ("purchases", "stripe_calls"):
        assert count(table, f"{table}::text LIKE '%' || :secret || '%'", secret=secret) == 0


def test_two_people_may_use_the_same_form_ref(page: Page, committed: Flask) -> None:
    other = replace(page, person=make_user())
    mine, theirs = page.press(), other.press()
    assert mine.ref != theirs.ref
    assert mine.client_secret != theirs.client_secret


def test_another_quantity_is_another_intent_and_the_first_can_take_no_money(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    first = page.press(10)
    second = page.press(25)
    assert second.ref != first.ref
    assert (second.amount_minor, stored(first.ref).status) == (2_250, "expired")
    assert page.pay(first.client_secret) == "payment_intent_unexpected_state"
    assert page.pay(second.client_secret) == "succeeded"
    deliver_webhooks()
    assert (buyer.credits, taken(sandbox)) == (FREE_CREDITS + 25, 2_250)
    assert stored(first.ref).status == "expired"


def test_a_quantity_chosen_when_the_first_was_paid_shows_the_paid_one(
    page: Page, buyer: Buyer, sandbox: StripeSandbox
) -> None:
    first = page.press(10)
    page.pay(first.client_secret)
    second = page.press(25)
    assert (second.ref, second.status, second.client_secret) == (first.ref, PurchaseStatus.PAID, None)
    assert (buyer.credits, taken(sandbox)) == (FREE_CREDITS + 10, 900)
    assert intents_at_stripe(sandbox) == 1


def test_the_same_form_after_the_payment_shows_it_as_paid(page: Page, buyer: Buyer) -> None:
    first = page.press(10)
    page.pay(first.client_secret)
    again = page.press(10)
    assert (again.ref, again.status, again.client_secret) == (first.ref, PurchaseStatus.PAID, None)
    assert buyer.credits == FREE_CREDITS + 10


def test_a_card_to_be_saved_makes_another_intent_since_the_element_must_say_the_same(
    page: Page, sandbox: StripeSandbox
) -> None:
    first, second = page.press(10), page.press(10, saves_card=True)
    assert first.ref != second.ref
    saving = sandbox.client.v1.payment_intents.retrieve(id_of(second.client_secret))
    assert (saving.setup_future_usage, stored(second.ref).saves_card) == ("off_session", True)
    assert sandbox.client.v1.payment_intents.retrieve(id_of(first.client_secret)).setup_future_usage is None


@pytest.mark.pain(3)
def test_two_windows_that_change_the_quantity_at_once_never_take_money_without_credits(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, committed: Flask, deliver_webhooks: DeliverWebhooks
) -> None:
    page.press(5)

    def press_and_pay(quantity: int) -> None:
        with committed.app_context():
            try:
                found = page.press(quantity)
            except TryLater:
                return
            if found.client_secret:
                page.pay(found.client_secret)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(press_and_pay, [10, 20, 10, 30]))
    deliver_webhooks()
    paid = count("purchases", "status = 'paid'")
    assert paid <= 1
    assert house("sales") == taken(sandbox)
    assert buyer.credits == FREE_CREDITS + taken(sandbox) // 90


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("operation", [INTENTS, "POST /v1/customers"])
def test_a_lost_answer_keeps_the_order_and_the_same_form_goes_on(
    page: Page,
    buyer: Buyer,
    sandbox: StripeSandbox,
    run_jobs: RunJobs,
    deliver_webhooks: DeliverWebhooks,
    operation: str,
    fault: str,
) -> None:
    sandbox.fault(operation, fault)
    with pytest.raises(TryLater):
        page.press()
    assert count("purchases", "status = 'pending'") == 1
    found = press_until(page, run_jobs)
    assert intents_at_stripe(sandbox) == 1
    assert page.pay(found.client_secret) == "succeeded"
    deliver_webhooks()
    assert (count("purchases"), buyer.credits, taken(sandbox)) == (1, FREE_CREDITS + 10, 900)


@pytest.mark.parametrize("fault", LOST)
def test_an_intent_that_may_be_cancelled_or_not_is_not_paid_and_the_next_press_goes_on(
    page: Page,
    buyer: Buyer,
    sandbox: StripeSandbox,
    run_jobs: RunJobs,
    deliver_webhooks: DeliverWebhooks,
    fault: str,
) -> None:
    first = page.press(10)
    sandbox.fault(CANCELS, fault)
    if fault in {"reset_after", "error_500_done", "truncate"}:  # it is cancelled, and a look shows it
        assert page.press(25).amount_minor == 2_250
    else:
        with pytest.raises(TryLater):
            page.press(25)
        assert count("purchases") == 1
    second = press_until(page, run_jobs, 25)
    assert second.ref != first.ref
    assert page.pay(second.client_secret) == "succeeded"
    deliver_webhooks()
    assert (buyer.credits, taken(sandbox)) == (FREE_CREDITS + 25, 2_250)
    assert intents_at_stripe(sandbox, "canceled") == 1
    end_calls(run_jobs)


def test_a_payment_while_the_cancelling_is_unknown_wins(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    first = page.press(10)
    sandbox.fault(CANCELS, "reset_before")
    with pytest.raises(TryLater):
        page.press(25)
    assert page.pay(first.client_secret) == "succeeded"
    run_jobs(early=True)
    found = page.press(25)
    assert (found.ref, found.status) == (first.ref, PurchaseStatus.PAID)
    assert (buyer.credits, taken(sandbox)) == (FREE_CREDITS + 10, 900)


def test_another_quantity_while_the_first_is_not_known_yet_closes_it_first(
    page: Page, sandbox: StripeSandbox, run_jobs: RunJobs
) -> None:
    sandbox.fault(INTENTS, "reset_after")
    with pytest.raises(TryLater):
        page.press(10)
    second = press_until(page, run_jobs, 25)
    assert second.amount_minor == 2_250
    assert intents_at_stripe(sandbox, "canceled") == 1
    assert intents_at_stripe(sandbox, "requires_payment_method") == 1


@pytest.mark.parametrize("place", ["after_intent", "after_lease", "before_settle", "after_settle"])
@pytest.mark.parametrize("quantity", [10, 25])
def test_a_process_that_dies_anywhere_leaves_a_form_that_goes_on(
    page: Page,
    buyer: Buyer,
    sandbox: StripeSandbox,
    run_jobs: RunJobs,
    deliver_webhooks: DeliverWebhooks,
    place: str,
    quantity: int,
) -> None:
    page.press(10)
    arm({place: "raise"})
    other = replace(page, form_ref="form-0002") if quantity == 10 else page  # a new intent; or a cancelling
    with pytest.raises(FailpointRaised):
        other.press(quantity)
    arm({})
    found = press_until(other, run_jobs, quantity)
    assert other.pay(found.client_secret) == "succeeded"
    deliver_webhooks()
    assert (buyer.credits, taken(sandbox)) == (FREE_CREDITS + quantity, quantity * 90)
    assert intents_at_stripe(sandbox) == 2


def test_a_stripe_that_cannot_be_read_is_said_and_nothing_is_lost(page: Page, sandbox: StripeSandbox) -> None:
    sandbox.fault("GET /v1/payment_intents/{intent}", "reset_before")
    with pytest.raises(TryLater):
        page.press()
    assert page.press().client_secret
    assert intents_at_stripe(sandbox) == 1


def test_a_declined_card_leaves_the_intent_open_for_another(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    found = page.press()
    assert page.pay(found.client_secret, DECLINED) == "card_declined"
    deliver_webhooks()
    purchase = stored(found.ref)
    assert (purchase.status, purchase.failure) == ("pending", "generic_decline")
    assert purchase.intent_status == intents.UNPAID
    assert page.press() == found
    assert page.pay(found.client_secret) == "succeeded"
    deliver_webhooks()
    assert (stored(found.ref).failure, buyer.credits) == (None, FREE_CREDITS + 10)
    assert intents_at_stripe(sandbox) == 1


def test_a_failed_question_of_the_bank_leaves_the_intent_open(
    page: Page, buyer: Buyer, deliver_webhooks: DeliverWebhooks
) -> None:
    found = page.press()
    assert page.pay(found.client_secret, CHALLENGED, "fail") == intents.UNPAID
    deliver_webhooks()
    assert stored(found.ref).failure == "payment_intent_authentication_failure"
    assert page.pay(page.press().client_secret, CHALLENGED) == "succeeded"
    deliver_webhooks(shuffle=3)
    assert (stored(found.ref).status, buyer.credits) == ("paid", FREE_CREDITS + 10)


def test_a_late_word_of_a_failed_try_does_not_undo_the_payment(
    page: Page, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    found = page.press()
    page.pay(found.client_secret, DECLINED)
    page.pay(found.client_secret)
    deliver_webhooks(copies=2, shuffle=5)
    assert (stored(found.ref).status, stored(found.ref).failure) == ("paid", None)


@pytest.mark.pain(6)
def test_a_payment_on_its_way_is_shown_and_given_no_second_intent(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = page.press(10)
    pay_by_bank(monkeypatch, first)
    again = page.press(10)
    assert (again.ref, again.status, again.client_secret) == (first.ref, PurchaseStatus.PENDING, None)
    other = page.press(25)
    assert (other.ref, other.client_secret) == (first.ref, None)
    assert count("purchases") == 1
    with clock.frozen(clock.now() + A_DAY):
        jobs.sweep_purchases(0)
    assert count("stripe_calls", "operation = :name", name=intents.CANCEL) <= 1, "a payment on its way is let alone"


def pay_by_bank(monkeypatch: pytest.MonkeyPatch, found: OnPage) -> None:
    """Let Stripe say from now on that the intent is processing, and refuse to cancel it."""
    from randonumber.stripe_gateway import StripeRefused
    from randonumber.stripe_gateway.client import Gateway

    read, send = Gateway.get_payment_intent, Gateway.send

    def processing(self: Gateway, payment_intent_id: str) -> Any:
        intent = read(self, payment_intent_id)
        return replace(intent, status="processing") if intent.id == id_of(found.client_secret) else intent

    def refusing(self: Gateway, operation: str, *given: Any) -> Any:
        if operation == intents.CANCEL:
            message = "it is processing"
            raise StripeRefused(message, status=400, code="payment_intent_unexpected_state")
        return send(self, operation, *given)

    monkeypatch.setattr(Gateway, "get_payment_intent", processing)
    monkeypatch.setattr(Gateway, "send", refusing)


@pytest.mark.parametrize("quantity", [0, -1, 10_001, 2**63, 10**30])
def test_what_is_not_for_sale_leaves_no_row_and_calls_nobody(
    buyer: Buyer, sandbox: StripeSandbox, quantity: int
) -> None:
    with pytest.raises(NotForSale):
        Page(person=buyer.person, sandbox=sandbox).press(quantity)
    assert count("purchases") == 0
    assert sandbox.exchanges == []


def test_a_hosted_order_on_the_form_of_an_intent_cancels_it_first(
    page: Page, buyer: Buyer, sandbox: StripeSandbox
) -> None:
    first = page.press(10)
    started = buyer.start(10, form_ref=page.form_ref)
    assert started.ref != first.ref
    assert started.url
    assert page.pay(first.client_secret) == "payment_intent_unexpected_state"


def test_an_intent_that_was_cancelled_at_stripe_ends_the_purchase(page: Page, sandbox: StripeSandbox) -> None:
    found = page.press()
    sandbox.client.v1.payment_intents.cancel(id_of(found.client_secret))
    again = page.press()
    assert (again.ref, again.status, again.client_secret) == (found.ref, PurchaseStatus.EXPIRED, None)


def test_an_intent_that_stripe_has_lost_ends_the_purchase(page: Page, sandbox: StripeSandbox) -> None:
    found = page.press()
    sandbox.reset()
    again = page.press()
    assert (again.ref, again.status, again.client_secret) == (found.ref, PurchaseStatus.EXPIRED, None)


def test_a_day_later_the_sweep_cancels_what_nobody_paid(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    found = page.press()
    with clock.frozen(clock.now() + timedelta(hours=23)):
        jobs.sweep_purchases(0)
    assert stored(found.ref).status == "pending"
    with clock.frozen(clock.now() + A_DAY):
        jobs.sweep_purchases(0)
    assert stored(found.ref).status == "expired"
    assert page.pay(found.client_secret) == "payment_intent_unexpected_state"
    deliver_webhooks()
    assert (stored(found.ref).status, buyer.credits) == ("expired", FREE_CREDITS)


def test_a_day_later_what_was_paid_is_found_paid(page: Page, buyer: Buyer, sandbox: StripeSandbox) -> None:
    found = page.press()
    page.pay(found.client_secret)
    with clock.frozen(clock.now() + A_DAY):
        jobs.sweep_purchases(0)
    assert (stored(found.ref).status, buyer.credits) == ("paid", FREE_CREDITS + 10)


def test_a_payment_between_the_last_look_and_the_cancelling_wins(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = page.press()
    plan = intents.plan_cancelling

    def plan_after_payment(*given: Any) -> int:
        assert page.pay(found.client_secret) == "succeeded"
        return plan(*given)

    monkeypatch.setattr(intents, "plan_cancelling", plan_after_payment)
    with clock.frozen(clock.now() + A_DAY):
        jobs.sweep_purchases(0)
    assert (stored(found.ref).status, buyer.credits) == ("paid", FREE_CREDITS + 10)


@pytest.mark.parametrize("fault", LOST)
def test_a_cancelling_of_the_sweep_whose_answer_is_lost_ends_by_itself(
    page: Page, buyer: Buyer, sandbox: StripeSandbox, run_jobs: RunJobs, fault: str
) -> None:
    found = page.press()
    sandbox.fault(CANCELS, fault)
    with clock.frozen(clock.now() + A_DAY):
        jobs.sweep_purchases(0)
    end_calls(run_jobs)
    service.refresh_purchase(found.ref, actor="test")
    assert stored(found.ref).status == "expired"
    assert intents_at_stripe(sandbox, "canceled") == 1


def test_the_limit_of_purchases_counts_intents_too(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    from randonumber.errors import RateLimited

    monkeypatch.setattr("randonumber.credits.service.starting.PURCHASES_PER_HOUR", 1)
    page.press()
    page.press()
    with pytest.raises(RateLimited):
        replace(page, form_ref="form-0002").press()
    assert count("purchases") == 1
