"""One form is one purchase and is paid at most once, whatever Stripe answers and wherever the process dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber import calls
from randonumber.credits import service
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.pricing import NotForSale
from randonumber.credits.service import customers, sessions, starting
from randonumber.database import transaction
from randonumber.failpoints import FailpointRaised, arm
from tests.credits.conftest import FREE_CREDITS, Buyer, count, stored
from tests.people import make_user

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.credits.service import Started
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

SESSIONS = "POST /v1/checkout/sessions"
CUSTOMERS = "POST /v1/customers"


def sessions_at_stripe(sandbox: StripeSandbox, status: str | None = None) -> int:
    found = sandbox.client.v1.checkout.sessions.list({"limit": 100}).data
    return sum(status in {None, one.status} for one in found)


def refs() -> list[str]:
    with transaction() as session:
        return list(session.execute(text("SELECT ref FROM purchases ORDER BY id")).scalars())


def settle(ref: str, run_jobs: RunJobs) -> str:
    """Let the journal come to an end, and return where the purchase is paid."""
    for _ in range(20):
        if stored(ref).checkout_url:
            break
        run_jobs(early=True, may_fail=True)
    url = stored(ref).checkout_url
    assert url is not None
    return url


def test_the_same_form_again_is_the_same_purchase(buyer: Buyer, sandbox: StripeSandbox) -> None:
    assert buyer.start() == buyer.start()
    assert count("purchases") == 1
    assert sessions_at_stripe(sandbox) == 1


@pytest.mark.pain(4)
def test_the_same_form_ten_times_at_once_is_one_purchase_and_one_session(
    buyer: Buyer, sandbox: StripeSandbox, committed: Flask
) -> None:
    def start(_: int) -> Started:
        with committed.app_context():
            return buyer.start()

    with ThreadPoolExecutor(10) as threads:
        started = set(threads.map(start, range(10)))
    assert len({one.ref for one in started}) == 1
    assert count("purchases") == 1
    assert (sessions_at_stripe(sandbox), count("stripe_customers")) == (1, 1)


@pytest.mark.pain(25)
def test_two_first_purchases_at_once_make_one_customer(
    buyer: Buyer, sandbox: StripeSandbox, committed: Flask, run_jobs: RunJobs
) -> None:
    def start(number: int) -> Started:
        with committed.app_context():
            return buyer.start(form_ref=f"form-000{number}")

    with ThreadPoolExecutor(4) as threads:
        started = list(threads.map(start, range(4)))
    run_jobs(early=True)
    assert len({stored(one.ref).checkout_url for one in started}) == 4
    assert len(sandbox.client.v1.customers.list().data) == 1


def test_two_people_may_use_the_same_form_ref(buyer: Buyer, sandbox: StripeSandbox) -> None:
    other = Buyer(person=make_user())
    assert buyer.start().ref != other.start().ref


def test_a_paid_form_shows_its_purchase_and_cannot_be_paid_again(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url)
    deliver_webhooks()
    for quantity in (10, 100):
        again = buyer.start(quantity)
        assert (again.ref, again.status, again.url) == (started.ref, PurchaseStatus.PAID, None)
    assert sessions_at_stripe(sandbox) == 1


def test_another_order_on_the_same_form_closes_the_first_before_it_starts(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    first = buyer.start(10)
    second = buyer.start(100)
    assert second.ref != first.ref
    assert stored(first.ref).status == PurchaseStatus.EXPIRED
    assert stored(second.ref).form_ref == "form-0001"
    assert sessions_at_stripe(sandbox, "open") == 1
    assert first.url is not None
    assert sandbox.pay(first.url) is None, "the first page takes no money any more"
    deliver_webhooks()
    assert buyer.start(100).ref == second.ref


def test_another_order_on_a_form_that_is_paid_unbeknownst_shows_the_paid_one(
    buyer: Buyer, sandbox: StripeSandbox
) -> None:
    first = buyer.start(10)
    assert first.url is not None
    sandbox.pay(first.url)
    second = buyer.start(100)
    assert (second.ref, second.status) == (first.ref, PurchaseStatus.PAID)
    assert buyer.credits == FREE_CREDITS + 10
    assert sessions_at_stripe(sandbox) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500"])
def test_another_order_waits_while_the_first_cannot_be_closed(buyer: Buyer, sandbox: StripeSandbox, fault: str) -> None:
    first = buyer.start(10)
    sandbox.fault("POST /v1/checkout/sessions/{session}/expire", fault)
    second = buyer.start(100)
    assert second.ref == first.ref
    assert second.status == PurchaseStatus.PENDING
    assert sessions_at_stripe(sandbox) == 1


def test_another_order_on_a_form_whose_purchase_expired_starts_anew(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    first = buyer.start(10)
    sandbox.advance(25 * 3600)
    deliver_webhooks()
    assert buyer.start(10).ref == first.ref
    assert buyer.start(100).ref != first.ref


def test_a_form_that_another_click_has_let_go_of_meanwhile_starts_anew(
    buyer: Buyer, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = buyer.start(10)
    find = starting._of_form

    def find_after_the_other_click(*given: Any) -> str | None:
        with transaction() as session:
            session.execute(text("UPDATE purchases SET status = 'expired', form_ref = NULL"))
        return find(*given)

    monkeypatch.setattr(starting, "_of_form", find_after_the_other_click)
    second = buyer.start(100)
    assert second.ref != first.ref
    assert stored(second.ref).form_ref == "form-0001"


@pytest.mark.parametrize("quantity", [0, -1, 10_001, 2**63])
def test_what_is_not_for_sale_leaves_no_row_and_calls_nobody(
    buyer: Buyer, sandbox: StripeSandbox, quantity: int
) -> None:
    with pytest.raises(NotForSale):
        buyer.start(quantity)
    assert count("purchases") == 0
    assert sandbox.exchanges == []


@pytest.mark.parametrize("operation", [SESSIONS, CUSTOMERS])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500", "error_500_done", "truncate"])
def test_a_lost_answer_ends_in_one_session_and_one_booking_by_itself(
    buyer: Buyer,
    sandbox: StripeSandbox,
    run_jobs: RunJobs,
    deliver_webhooks: DeliverWebhooks,
    operation: str,
    fault: str,
) -> None:
    sandbox.fault(operation, fault)
    started = buyer.start()
    assert started.status == PurchaseStatus.PENDING
    sandbox.pay(settle(started.ref, run_jobs))
    deliver_webhooks()
    assert sessions_at_stripe(sandbox) == 1
    assert stored(started.ref).status == PurchaseStatus.PAID
    assert buyer.credits == FREE_CREDITS + 10
    assert len(sandbox.client.v1.charges.list().data) == 1


@pytest.mark.parametrize("operation", [SESSIONS, CUSTOMERS])
def test_a_lost_answer_without_a_payment_ends_expired_by_itself(
    buyer: Buyer, sandbox: StripeSandbox, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks, operation: str
) -> None:
    sandbox.fault(operation, "reset_after")
    started = buyer.start()
    settle(started.ref, run_jobs)
    sandbox.advance(25 * 3600)
    deliver_webhooks()
    assert stored(started.ref).status == PurchaseStatus.EXPIRED
    assert buyer.credits == FREE_CREDITS


def test_a_customer_that_stripe_refuses_fails_what_waits_and_is_tried_anew(
    buyer: Buyer, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan_nonsense(session: Session, **given: Any) -> int:
        return calls.plan(session, **{**given, "params": {**given["params"], "nonsense": "1"}})

    with monkeypatch.context() as patch:
        patch.setattr(customers, "calls", SimpleNamespace(plan=plan_nonsense))
        started = buyer.start(form_ref="form-0001")
    assert (started.status, started.url) == (PurchaseStatus.FAILED, None)
    assert buyer.start(form_ref="form-0002").url is not None


def test_an_order_that_stripe_refuses_fails(
    buyer: Buyer, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = sessions.session_params
    monkeypatch.setattr(sessions, "session_params", lambda *given: {**original(*given), "mode": "nonsense"})
    started = buyer.start()
    assert (started.status, started.url) == (PurchaseStatus.FAILED, None)
    assert stored(started.ref).failure is not None


@pytest.mark.parametrize("place", ["after_intent", "after_lease", "before_settle", "after_settle"])
@pytest.mark.parametrize("has_customer", [False, True])
def test_a_process_that_dies_anywhere_leaves_a_purchase_that_goes_on(
    buyer: Buyer,
    sandbox: StripeSandbox,
    run_jobs: RunJobs,
    deliver_webhooks: DeliverWebhooks,
    place: str,
    has_customer: bool,  # noqa: FBT001 - a case of the table
) -> None:
    if has_customer:
        buyer.start(form_ref="form-0000")
    arm({place: "raise"})
    with pytest.raises(FailpointRaised):
        buyer.start()
    ref = refs()[-1]
    assert stored(ref).status == PurchaseStatus.PENDING
    url = settle(ref, run_jobs)
    assert buyer.start().url == url
    sandbox.pay(url)
    deliver_webhooks()
    assert buyer.credits == FREE_CREDITS + 10
    assert len(sandbox.sent(SESSIONS)) <= 3 + has_customer
    assert sessions_at_stripe(sandbox) == 1 + has_customer


def test_a_webhook_may_come_before_the_answer_that_was_lost(
    buyer: Buyer, sandbox: StripeSandbox, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks
) -> None:
    buyer.start(form_ref="form-0000")
    sandbox.fault(SESSIONS, "reset_after")
    started = buyer.start()
    [made] = [one for one in sandbox.client.v1.checkout.sessions.list().data if one.client_reference_id == started.ref]
    assert made.url is not None
    sandbox.pay(made.url)
    deliver_webhooks()
    assert stored(started.ref).status == PurchaseStatus.PAID
    for _ in range(3):
        run_jobs(early=True)
    assert stored(started.ref).checkout_session_id == made.id
    assert count("stripe_calls", "closed_at IS NULL") == 0
    assert service.refresh_purchase(started.ref, actor="test") == PurchaseStatus.PAID
