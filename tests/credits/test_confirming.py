"""A saved card is charged once for a purchase, whatever Stripe answers, and never tried again by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.credits.models import PurchaseMethod, PurchaseStatus
from randonumber.credits.service import refresh_purchase
from randonumber.failpoints import FailpointRaised, arm
from randonumber.reconciliation.service import reconcile
from tests.credits.conftest import FREE_CREDITS, Buyer, count, stored
from tests.credits.saving import (
    ASKS_ALWAYS,
    CONFIRM,
    DECLINES_LATER,
    INTENTS,
    Saver,
    charges,
    intents,
)

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.credits.service import Started
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

LOST = ["reset_before", "reset_after", "truncate", "error_500", "error_500_done", "error_429", "error_409"]


@pytest.fixture
def saver(buyer: Buyer, sandbox: StripeSandbox) -> Saver:
    return Saver(buyer=buyer, sandbox=sandbox)


def settle(ref: str, run_jobs: RunJobs) -> str:
    """Let the journal come to an end, and return the purchase's status."""
    for _ in range(20):
        if stored(ref).status != PurchaseStatus.PENDING or stored(ref).failure:
            break
        run_jobs(early=True, may_fail=True)
    run_jobs(early=True)
    return stored(ref).status


def agrees() -> bool:
    report = reconcile()
    return report.agrees and report.difference == 0


def test_a_saved_card_pays_at_once(saver: Saver, deliver_webhooks: DeliverWebhooks) -> None:
    card = saver.save()
    started = saver.buy(card)
    assert started.status == PurchaseStatus.PAID
    assert saver.buyer.credits == FREE_CREDITS + 10
    purchase = stored(started.ref)
    assert (purchase.card_id, purchase.card_last4, purchase.payment_id is not None) == (card.id, "4242", True)
    deliver_webhooks(copies=2)
    assert saver.buyer.credits == FREE_CREDITS + 10
    assert len(charges(saver.sandbox)) == 1
    assert agrees()


def test_the_same_form_charges_once(saver: Saver) -> None:
    card = saver.save()
    assert saver.buy(card) == saver.buy(card)
    assert len(charges(saver.sandbox)) == 1


@pytest.mark.pain(4)
def test_ten_presses_at_once_charge_once(saver: Saver, committed: Flask, run_jobs: RunJobs) -> None:
    card = saver.save()

    def press(_: int) -> Started:
        with committed.app_context():
            return saver.buy(card)

    with ThreadPoolExecutor(10) as threads:
        pressed = list(threads.map(press, range(10)))
    assert len({one.ref for one in pressed}) == 1
    assert settle(pressed[0].ref, run_jobs) == PurchaseStatus.PAID
    assert (len(intents(saver.sandbox)), len(charges(saver.sandbox))) == (1, 1)
    assert count("purchases") == 1
    assert saver.buyer.credits == FREE_CREDITS + 10


@pytest.mark.parametrize("operation", [INTENTS, CONFIRM])
@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_ends_in_one_charge(
    saver: Saver, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks, operation: str, fault: str
) -> None:
    card = saver.save()
    saver.sandbox.fault(operation, fault)
    started = saver.buy(card)
    assert started.status == PurchaseStatus.PENDING
    assert settle(started.ref, run_jobs) == PurchaseStatus.PAID
    deliver_webhooks()
    assert (len(intents(saver.sandbox)), len(charges(saver.sandbox))) == (1, 1)
    assert saver.buyer.credits == FREE_CREDITS + 10
    assert agrees()


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_decline_is_found_and_not_tried_again(saver: Saver, run_jobs: RunJobs, fault: str) -> None:
    card = saver.save(DECLINES_LATER)
    saver.sandbox.fault(CONFIRM, fault)
    started = saver.buy(card)
    assert settle(started.ref, run_jobs) == PurchaseStatus.FAILED
    assert len(charges(saver.sandbox, paid=False)) == 1


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
@pytest.mark.parametrize("step", [1, 2])
def test_a_process_that_dies_on_the_way_leaves_one_charge(
    saver: Saver, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, point: str, step: int
) -> None:
    card = saver.save()
    if step == 1:
        arm({point: "raise"})
    else:
        from randonumber.credits.service import opening

        settled = opening.settle_intent

        def arm_then_settle(*given: Any) -> None:
            settled(*given)
            arm({point: "raise"})

        from randonumber.calls import operations

        operation = operations.get_operation(_app(), "payment_intent.create", "pur_")
        monkeypatch.setitem(
            _app().extensions["stripe_operations"],
            ("payment_intent.create", operation.of),
            replace(operation, settled=arm_then_settle),
        )
    with pytest.raises(FailpointRaised):
        saver.buy(card)
    arm({})
    [ref] = refs()
    assert settle(ref, run_jobs) == PurchaseStatus.PAID
    assert saver.buy(card).ref == ref
    assert (len(intents(saver.sandbox)), len(charges(saver.sandbox))) == (1, 1)
    assert saver.buyer.credits == FREE_CREDITS + 10


def test_a_declined_card_fails_the_purchase_and_cancels_its_intent(
    saver: Saver, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks
) -> None:
    card = saver.save(DECLINES_LATER)
    started = saver.buy(card)
    assert started.status == PurchaseStatus.FAILED
    run_jobs(early=True)
    deliver_webhooks()
    assert stored(started.ref).failure == "generic_decline"
    assert [one.status for one in intents(saver.sandbox)] == ["canceled"]
    assert (stored(started.ref).status, saver.buyer.credits) == (PurchaseStatus.FAILED, FREE_CREDITS)
    assert len(charges(saver.sandbox, paid=False)) == 1
    assert agrees()


def test_a_bank_that_wants_its_owner_keeps_the_purchase_open_and_one_mail_asks(
    saver: Saver, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks
) -> None:
    started = saver.buy(saver.save(ASKS_ALWAYS))
    for _ in range(2):
        deliver_webhooks(copies=2)
        run_jobs(early=True)
        refresh_purchase(started.ref, actor="test")
    purchase = stored(started.ref)
    assert (purchase.status, purchase.failure) == (PurchaseStatus.PENDING, "authentication_required")
    assert count("mail_messages", "template = 'confirm_payment'") == 1
    assert len(saver.sandbox.sent(f"POST /v1/payment_intents/{purchase.payment_intent_id}/confirm")) == 1


def test_an_automatic_purchase_ends_the_same_way_without_that_mail(saver: Saver) -> None:
    card = saver.save(ASKS_ALWAYS)
    started = saver.buy(card, method=PurchaseMethod.AUTO_TOPUP)
    assert stored(started.ref).failure == "authentication_required"
    assert count("mail_messages", "template = 'confirm_payment'") == 0
    paid = saver.buy(saver.save(), form_ref="form-0002", method=PurchaseMethod.AUTO_TOPUP)
    assert paid.status == PurchaseStatus.PAID


def test_a_payment_wins_over_a_purchase_that_was_given_up(saver: Saver, deliver_webhooks: DeliverWebhooks) -> None:
    card = saver.save()
    saver.sandbox.fault(CONFIRM, "reset_after")
    ref = saver.buy(card).ref
    from randonumber.credits import service
    from randonumber.database import transaction

    with transaction() as session:
        service.fail(session, ref, "card_declined")
    deliver_webhooks()
    assert stored(ref).status == PurchaseStatus.PAID
    assert saver.buyer.credits == FREE_CREDITS + 10


def test_the_decline_may_be_told_by_an_event_first(
    saver: Saver, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks
) -> None:
    card = saver.save(DECLINES_LATER)
    saver.sandbox.fault(CONFIRM, "reset_after")
    ref = saver.buy(card).ref
    deliver_webhooks(run=True)
    assert stored(ref).status == PurchaseStatus.FAILED
    run_jobs(early=True)
    assert [one.status for one in intents(saver.sandbox)] == ["canceled"]
    assert len(charges(saver.sandbox, paid=False)) == 1


def test_a_card_that_was_detached_at_stripe_fails_cleanly_and_is_hidden(saver: Saver, run_jobs: RunJobs) -> None:
    card = saver.save()
    saver.sandbox.client.v1.payment_methods.detach(card.stripe_payment_method_id)
    started = saver.buy(card)
    assert (started.status, stored(started.ref).failure) == (PurchaseStatus.FAILED, "card_removed")
    run_jobs(early=True)
    assert count("cards", "removed_at IS NULL") == 0
    assert [one.status for one in intents(saver.sandbox)] == ["canceled"]


def test_a_customer_who_is_gone_at_stripe_takes_the_cards_along(saver: Saver, run_jobs: RunJobs) -> None:
    card = saver.save()
    saver.sandbox.client.v1.customers.delete(saver.customer())
    started = saver.buy(card)
    assert (started.status, stored(started.ref).failure) == (PurchaseStatus.FAILED, "card_removed")
    run_jobs(early=True)
    assert count("cards", "removed_at IS NULL") == 0
    assert len(charges(saver.sandbox)) == 0


def test_an_emptied_sandbox_fails_the_purchase_and_the_next_card_pays(saver: Saver, run_jobs: RunJobs) -> None:
    card = saver.save()
    saver.sandbox.reset()
    assert saver.buy(card).status == PurchaseStatus.FAILED
    assert saver.buy(saver.save(), form_ref="form-0002").status == PurchaseStatus.PAID
    run_jobs(early=True)


def _app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def refs() -> list[str]:
    from sqlalchemy import text

    from randonumber.database import transaction

    with transaction() as session:
        return list(session.execute(text("SELECT ref FROM purchases ORDER BY id")).scalars())
