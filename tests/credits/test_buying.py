"""A purchase from the order to the ledger, once, whoever brings the news and however often."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from flask import current_app
from sqlalchemy import text

from randonumber import ledger
from randonumber.credits import jobs, service
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service import Completed, Payment
from randonumber.database import transaction
from randonumber.inbox import dispatch
from randonumber.ledger import Move, accounts
from tests.credits.conftest import FREE_CREDITS, count, house, stored
from tests.people import make_user

if TYPE_CHECKING:
    from flask import Flask

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


def paid(buyer: Buyer, sandbox: StripeSandbox, quantity: int = 10) -> str:
    """Order and pay, before anybody has heard of it."""
    started = buyer.start(quantity)
    assert started.url is not None
    sandbox.pay(started.url)
    return started.ref


def refresh(ref: str) -> PurchaseStatus | None:
    return service.refresh_purchase(ref, actor="test")


def test_a_paid_purchase_fills_a_lot_and_books_the_money(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid(buyer, sandbox)
    deliver_webhooks()
    purchase = stored(ref)
    assert purchase.status == PurchaseStatus.PAID
    assert (purchase.card_brand, purchase.card_last4) == ("visa", "4242")
    assert purchase.payment_id is not None
    assert purchase.payment_id.startswith("ch_")
    assert purchase.payer_id == sandbox.client.v1.customers.list().data[0].id
    assert buyer.credits == FREE_CREDITS + 10
    assert house("sales") == 900
    assert count("transactions", "kind = 'purchase' AND ref = :ref", ref=ref) == 1


def test_the_receipt_says_what_was_bought_once(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid(buyer, sandbox)
    deliver_webhooks(copies=2)
    with transaction() as session:
        [mail] = session.execute(
            text("SELECT ref, recipient, subject FROM mail_messages WHERE template = 'receipt'")
        ).all()
    assert (mail.recipient, mail.subject) == (buyer.person.email, "Your receipt: 10 credits for $9.00")
    [file] = (current_app.extensions["config"].instance_path / "mail").glob(f"*{mail.ref}.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    for form in ("plain", "html"):
        body = message.get_body((form,))
        assert body is not None
        for part in ("10 credits", "$9.00", "Visa ending in 4242", ref, f"/credits/purchases/{ref}"):
            assert part in body.get_content()


def test_what_the_session_is_made_with(buyer: Buyer, sandbox: StripeSandbox) -> None:
    started = buyer.start(quantity=1_000, pack=1_000)
    [session] = sandbox.client.v1.checkout.sessions.list().data
    assert session.amount_total == 50_000
    assert session.client_reference_id == started.ref
    assert session.metadata is not None
    assert session.metadata["ref"] == started.ref
    assert (session.mode, session.currency) == ("payment", "usd")
    assert session.success_url == f"http://127.0.0.1:5000/credits/purchases/{started.ref}"
    [sent] = sandbox.sent("POST /v1/checkout/sessions")
    assert "payment_method_types" not in sent.body
    assert sent.key is not None
    assert sent.key.endswith(f":checkout_session.create:{started.ref}:1")


@pytest.mark.pain(25)
def test_a_user_has_one_customer_whatever_is_bought(buyer: Buyer, sandbox: StripeSandbox) -> None:
    for number in range(3):
        buyer.start(form_ref=f"form-000{number}")
    [customer] = sandbox.client.v1.customers.list().data
    assert customer.email == buyer.person.email
    assert {one.customer for one in sandbox.client.v1.checkout.sessions.list().data} == {customer.id}


@pytest.mark.pain(1)
def test_the_same_event_five_times_at_once_and_the_return_page_book_it_once(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, committed: Flask
) -> None:
    ref = paid(buyer, sandbox)
    deliver_webhooks(run=False, copies=5)
    with transaction() as session:
        events = list(session.execute(text("SELECT id FROM inbox_events WHERE status = 'pending'")).scalars())

    def handle(event_id: str) -> None:
        with committed.app_context():
            dispatch.dispatch(event_id)

    def look(_: str) -> None:
        with committed.app_context():
            refresh(ref)

    with ThreadPoolExecutor(8) as threads:
        work = [threads.submit(handle, event_id) for event_id in events * 5]
        work += [threads.submit(look, "") for _ in range(5)]
        for one in work:
            one.result()
    assert len(events) > 1
    assert count("inbox_events", "status IN ('pending', 'dead')") == 0  # what the ledger refuses fails its event
    assert buyer.credits == FREE_CREDITS + 10
    assert count("transactions", "kind = 'purchase'") == 1
    assert count("mail_messages", "template = 'receipt'") == 1
    assert count("accounts", "kind = 'lot' AND lot_source = 'purchase'") == 1


ORDERS = list(
    itertools.permutations(("checkout.session.completed", "payment_intent.succeeded", "return page", "sweep"))
)


@pytest.mark.pain(7)
@pytest.mark.parametrize("order", ORDERS[::3], ids=lambda order: ",".join(name[:12] for name in order))
def test_whatever_comes_first_the_end_is_the_same(
    order: tuple[str, ...], buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid(buyer, sandbox)
    deliver_webhooks(run=False)
    for step in order:
        if step == "return page":
            refresh(ref)
        elif step == "sweep":
            jobs.sweep_all()
        else:
            dispatch_type(step)
            dispatch_type(step)
    assert stored(ref).status == PurchaseStatus.PAID
    assert buyer.credits == FREE_CREDITS + 10
    assert count("transactions", "kind = 'purchase'") == 1


def dispatch_type(event_type: str) -> None:
    with transaction() as session:
        query = text("SELECT id FROM inbox_events WHERE type = :type")
        events = list(session.execute(query, {"type": event_type}).scalars())
    for event_id in events:
        with transaction() as session:
            dispatch.replay(session, event_id)
        dispatch.dispatch(event_id)


@pytest.mark.pain(5)
def test_without_any_webhook_the_sweep_brings_the_credits(buyer: Buyer, sandbox: StripeSandbox) -> None:
    paid(buyer, sandbox)
    assert jobs.sweep_all() == 1
    assert buyer.credits == FREE_CREDITS + 10
    assert jobs.sweep_all() == 0


def test_a_page_that_is_left_expires_by_stripes_clock(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = buyer.start().ref
    assert refresh(ref) == PurchaseStatus.PENDING
    sandbox.advance(24 * 3600 + 60)
    deliver_webhooks()
    assert stored(ref).status == PurchaseStatus.EXPIRED
    assert buyer.credits == FREE_CREDITS


def test_a_lost_expiry_event_is_found_by_the_sweep(buyer: Buyer, sandbox: StripeSandbox) -> None:
    ref = buyer.start().ref
    sandbox.advance(24 * 3600 + 60)
    assert jobs.sweep_all() == 1
    assert stored(ref).status == PurchaseStatus.EXPIRED


def test_paid_wins_over_expired(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> None:
    ref = paid(buyer, sandbox)
    with transaction() as session:
        service.expire_purchase(session, ref)
    deliver_webhooks()
    assert stored(ref).status == PurchaseStatus.PAID
    assert buyer.credits == FREE_CREDITS + 10


def test_expiry_and_failure_leave_a_paid_purchase_alone(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = paid(buyer, sandbox)
    deliver_webhooks()
    with transaction() as session:
        service.expire_purchase(session, ref)
        service.fail(session, ref, "payment_failed")
    assert stored(ref).status == PurchaseStatus.PAID


def test_a_declined_card_leaves_the_purchase_open_for_another(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    started = buyer.start()
    assert started.url is not None
    assert sandbox.pay(started.url, "4000000000000002") is None
    deliver_webhooks()
    assert stored(started.ref).status == PurchaseStatus.PENDING
    sandbox.pay(started.url)
    deliver_webhooks()
    assert stored(started.ref).status == PurchaseStatus.PAID


def test_an_emptied_sandbox_ends_what_was_pending_and_gets_a_new_customer(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    first = buyer.start(form_ref="form-0001").ref
    sandbox.reset()
    second = buyer.start(form_ref="form-0002")
    assert second.url is not None
    assert len(sandbox.client.v1.customers.list().data) == 1
    sandbox.pay(second.url)
    deliver_webhooks()
    assert jobs.sweep_all() == 1
    assert [stored(first).status, stored(second.ref).status] == [PurchaseStatus.EXPIRED, PurchaseStatus.PAID]
    assert buyer.credits == FREE_CREDITS + 10


def test_a_customer_that_was_deleted_at_stripe_is_made_anew(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    buyer.start(form_ref="form-0001")
    [old] = sandbox.client.v1.customers.list().data
    sandbox.client.v1.customers.delete(old.id)
    deliver_webhooks()
    assert count("stripe_customers", "stripe_customer_id IS NULL") == 1
    assert buyer.start(form_ref="form-0002").url is not None
    [new] = sandbox.client.v1.customers.list().data
    assert new.id != old.id


@pytest.mark.pain(7)
def test_payments_of_others_on_the_same_account_are_ignored(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    foreign = sandbox.client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "client_reference_id": "pur_of_another_shop",
            "success_url": "https://shop.example/done",
            "payment_intent_data": {"metadata": {"purchase_ref": "pur_of_another_shop"}},
            "line_items": [
                {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Tea"}}}
            ],
        }
    )
    assert foreign.url is not None
    sandbox.pay(foreign.url)
    deliver_webhooks()
    assert count("purchases") == 0
    assert count("inbox_events", "status IN ('pending', 'dead')") == 0
    assert buyer.credits == FREE_CREDITS


def payment(ref: str, **changes: object) -> Payment:
    purchase = stored(ref)
    facts: dict[str, object] = {
        "payment_id": "ch_test_1",
        "payment_intent_id": "pi_test_1",
        "payer_id": "cus_test_1",
        "amount_minor": purchase.amount_minor,
        "currency": purchase.currency,
        "receipt_url": None,
        "card_brand": "visa",
        "card_last4": "4242",
        "paid_at": purchase.created_at,
    }
    return Payment(**{**facts, **changes})  # type: ignore[arg-type]


def complete(ref: str, **changes: object) -> Completed:
    brought = payment(ref, **changes)
    with transaction() as session:
        return service.complete_purchase(session, ref, brought, actor="test")


@pytest.mark.pain(24)
@pytest.mark.parametrize("changes", [{"amount_minor": 899}, {"amount_minor": 901}, {"currency": "eur"}])
def test_another_amount_or_currency_is_put_aside_and_told(
    buyer: Buyer, sandbox: StripeSandbox, changes: dict[str, object]
) -> None:
    operator = make_user(admin=True)
    ref = buyer.start().ref
    for _ in range(2):
        assert complete(ref, **changes) == Completed.REVIEW
    assert stored(ref).status == PurchaseStatus.REVIEW
    assert buyer.credits == FREE_CREDITS
    assert count("transactions", "kind = 'purchase'") == 0
    assert count("mail_messages", "template = 'purchase_review' AND recipient = :to", to=operator.email) == 1
    assert count("mail_messages", "template = 'receipt'") == 0


def test_a_second_payment_of_one_purchase_gives_nothing_twice_and_is_told_once(
    buyer: Buyer, sandbox: StripeSandbox
) -> None:
    make_user(admin=True)
    ref = buyer.start().ref
    assert complete(ref) == Completed.BOOKED
    for _ in range(2):
        assert complete(ref, payment_id="ch_test_2", payment_intent_id="pi_test_2") == Completed.SECOND_PAYMENT
    assert stored(ref).payment_id == "ch_test_1"
    assert buyer.credits == FREE_CREDITS + 10
    assert count("mail_messages", "template = 'purchase_review'") == 1


def test_credits_that_are_owed_are_repaid_by_the_next_purchase(buyer: Buyer, sandbox: StripeSandbox) -> None:
    owe(buyer, 4)
    ref = buyer.start().ref
    assert complete(ref) == Completed.BOOKED
    assert buyer.credits == FREE_CREDITS + 6
    assert count("accounts", "kind = 'debt' AND balance < 0") == 0
    assert count("mail_messages", "text_body LIKE '%4 of these credits went to the ones that you owed%'") == 1


def owe(buyer: Buyer, number: int) -> None:
    """Let the buyer owe credits, as a refund in Stripe's dashboard after all were spent would."""
    move = Move(source=accounts.credit_debt(buyer.person.id), destination=accounts.CREDITS_REVOKED, amount=number)
    with transaction() as session:
        ledger.post(session, kind="refund_external", ref="re_1", entries=[move], actor="test", user_id=buyer.person.id)


def test_a_crash_before_the_commit_leaves_nothing_and_the_next_try_everything(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    ref = paid(buyer, sandbox)
    with pytest.raises(ZeroDivisionError):
        complete_and_die(ref)
    assert stored(ref).status == PurchaseStatus.PENDING
    assert count("accounts", "lot_source = 'purchase'") == 0
    assert count("mail_messages", "template = 'receipt'") == 0
    deliver_webhooks()
    run_jobs()
    assert stored(ref).status == PurchaseStatus.PAID
    assert buyer.credits == FREE_CREDITS + 10


def complete_and_die(ref: str) -> None:
    brought = payment(ref)
    with transaction() as session:
        service.complete_purchase(session, ref, brought, actor="test")
        raise ZeroDivisionError
