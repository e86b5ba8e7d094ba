"""What Stripe says of a payment now decides, in every state that a session and its payment can be in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from randonumber import clock, sweeps
from randonumber.credits import jobs, service
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service import closing, refreshing
from randonumber.database import transaction
from randonumber.stripe_gateway import Charge, CheckoutSession, PaymentIntent, StripeNotFound, StripeUnavailable
from tests.credits.conftest import FREE_CREDITS, stored

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import StripeSandbox

NOW = datetime(2026, 11, 21, tzinfo=UTC)
READ = "GET /v1/checkout/sessions/{session}"


def session_of(ref: str, status: str, payment_status: str) -> CheckoutSession:
    return CheckoutSession(
        id="cs_test_1",
        status=status,
        payment_status=payment_status,
        url=None,
        amount_total=900,
        currency="usd",
        payment_intent_id="pi_1",
        customer_id="cus_1",
        client_reference_id=ref,
        livemode=False,
        expires_at=NOW,
    )


def charge(*, is_paid: bool) -> Charge:
    return Charge(
        id="ch_1",
        amount=900,
        currency="usd",
        paid=is_paid,
        receipt_url=None,
        card_brand=None,
        card_last4=None,
        balance_transaction_id=None,
        customer_id="cus_1",
        payment_intent_id="pi_1",
        created_at=NOW,
        livemode=False,
    )


def intent(status: str, *, has_charge: bool = True, is_paid: bool = True) -> PaymentIntent:
    return PaymentIntent(
        id="pi_1",
        status=status,
        amount=900,
        amount_received=900,
        currency="usd",
        customer_id="cus_1",
        livemode=False,
        charge=charge(is_paid=is_paid) if has_charge else None,
    )


@pytest.mark.pain(6)
@pytest.mark.parametrize(
    ("status", "payment_status", "payment", "ends"),
    [
        ("open", "unpaid", intent("requires_payment_method"), "pending"),
        ("expired", "unpaid", intent("canceled"), "expired"),
        ("complete", "unpaid", intent("processing"), "pending"),
        ("complete", "unpaid", intent("requires_payment_method"), "failed"),
        ("complete", "unpaid", intent("canceled"), "failed"),
        ("complete", "paid", intent("succeeded"), "paid"),
        ("complete", "unpaid", intent("succeeded"), "paid"),
        ("complete", "paid", intent("succeeded", has_charge=False), "pending"),
        ("complete", "paid", intent("succeeded", is_paid=False), "pending"),
        ("complete", "paid", intent("processing"), "pending"),
    ],
)
def test_a_purchase_follows_its_session_and_its_payment(
    buyer: Buyer,
    sandbox: StripeSandbox,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    payment_status: str,
    payment: PaymentIntent,
    ends: str,
) -> None:
    ref = buyer.start().ref
    monkeypatch.setattr(refreshing, "gateway", lambda: SimpleNamespace(get_payment_intent=lambda _: payment))
    effect = refreshing.effect_of(ref, session_of(ref, status, payment_status), actor="test")
    if effect is not None:
        with transaction() as session:
            effect(session)
    assert stored(ref).status == ends
    assert buyer.credits == FREE_CREDITS + (10 if ends == "paid" else 0)


def test_an_unknown_purchase_is_nothing_and_calls_nobody(buyer: Buyer, sandbox: StripeSandbox) -> None:
    assert service.refresh_purchase("pur_none", actor="test") is None
    assert sandbox.exchanges == []


def test_what_is_final_is_not_asked_about_again(buyer: Buyer, sandbox: StripeSandbox) -> None:
    ref = buyer.start().ref
    with transaction() as session:
        service.fail(session, ref, "payment_failed")
    before = len(sandbox.exchanges)
    assert service.refresh_purchase(ref, actor="test") == PurchaseStatus.FAILED
    assert len(sandbox.exchanges) == before


def test_many_who_ask_at_once_ask_stripe_once(buyer: Buyer, sandbox: StripeSandbox) -> None:
    ref = buyer.start().ref
    service.refresh_purchase(ref, actor="test")
    before = len(sandbox.exchanges)
    since = clock.now() - timedelta(seconds=1)
    service.refresh_purchase(ref, actor="test", unless_checked_since=since)
    assert len(sandbox.exchanges) == before


def test_a_purchase_is_asked_about_when_it_is_due_and_then_every_ten_minutes(
    buyer: Buyer, sandbox: StripeSandbox
) -> None:
    ref = buyer.start().ref
    assert jobs.pending(due_by=clock.now(), limit=9) == []
    later = clock.now() + timedelta(minutes=3)
    assert jobs.pending(due_by=later, limit=9) == [ref]
    service.refresh_purchase(ref, actor="test")
    assert jobs.pending(due_by=later, limit=9) == []
    assert jobs.pending(due_by=clock.now() + refreshing.CHECK_EVERY, limit=9) == [ref]


def test_a_stripe_that_is_down_leaves_the_purchase_due_a_minute_later(buyer: Buyer, sandbox: StripeSandbox) -> None:
    ref = buyer.start().ref
    sandbox.fault(READ, "reset_before", times=2)
    with pytest.raises(StripeUnavailable):
        service.refresh_purchase(ref, actor="test")
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        jobs.sweep_purchases(0)
        assert jobs.pending(due_by=clock.now() + jobs.PUT_OFF, limit=9) == [ref]
    with clock.frozen(clock.now() + timedelta(minutes=3) + jobs.PUT_OFF):
        jobs.sweep_purchases(0)
        assert jobs.pending(due_by=clock.now(), limit=9) == []
    assert stored(ref).status == PurchaseStatus.PENDING


@pytest.mark.parametrize(
    "error",
    [StripeUnavailable("status 500", status=500), StripeNotFound("no such intent", status=404), KeyError("a bug")],
)
def test_a_purchase_that_cannot_be_asked_about_holds_up_no_other(
    buyer: Buyer, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    sick, paid = buyer.start(10, form_ref="form-0001"), buyer.start(10, form_ref="form-0002")
    assert paid.url is not None
    sandbox.pay(paid.url)

    def refresh(ref: str, *, actor: str) -> PurchaseStatus | None:
        if ref == sick.ref:
            raise error
        return service.refresh_purchase(ref, actor=actor)

    monkeypatch.setattr(closing, "refresh_purchase", refresh)
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        assert jobs.pending(due_by=clock.now(), limit=9) == [sick.ref, paid.ref]
        jobs.sweep_purchases(0)
        assert jobs.pending(due_by=clock.now(), limit=9) == [], "the sick one lets the others go first next time"
    assert stored(paid.ref).status == PurchaseStatus.PAID


def test_a_stripe_that_answers_nothing_but_errors_is_asked_three_times_a_sweep(
    buyer: Buyer, sandbox: StripeSandbox
) -> None:
    refs = [buyer.start(form_ref=f"form-000{number}").ref for number in range(4)]
    sandbox.fault(READ, "error_500", times=9)
    before = len(sandbox.exchanges)
    with pytest.raises(StripeUnavailable):
        jobs.ask(refs)
    assert len(sandbox.exchanges) - before == sweeps.FAILURES_IN_A_ROW
