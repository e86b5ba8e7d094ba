"""A bank takes a payment back: money, credits, debts and states, whatever comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from randonumber.credits.service import disputing
from randonumber.database import transaction
from randonumber.reconciliation.service import reconcile
from randonumber.stripe_gateway import Dispute
from tests.credits.bank import Bank, dispute_row, mail_body, owed, sell, spend
from tests.credits.conftest import FREE_CREDITS, count, house, stored
from tests.people import make_user

if TYPE_CHECKING:
    from tests.credits.bank import Sale
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

FEE = 1500


@pytest.fixture
def bank(sandbox: StripeSandbox) -> Bank:
    return Bank(sandbox=sandbox)


@pytest.fixture
def sale(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> Sale:
    """Ten credits for 9.00, paid."""
    return sell(buyer, sandbox, deliver_webhooks)


def agree(unmatched: int = 0) -> None:
    """Stripe's book and ours say the same."""
    report = reconcile()
    assert (report.difference, report.agrees, report.unmatched) == (0, True, unmatched)


def disputed_money() -> tuple[int, int]:
    return house("disputes:held"), house("disputes:lost")


def figures(ref: str) -> tuple[str, int, int]:
    purchase = stored(ref)
    return purchase.status, purchase.disputed_minor, purchase.revoked_credits


def test_a_dispute_takes_the_money_its_fee_and_the_credits(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks
) -> None:
    made = bank.disputes(sale.charge)
    deliver_webhooks(copies=2)
    assert figures(sale.ref) == ("disputed", 900, 10)
    assert (buyer.credits, owed(buyer)) == (FREE_CREDITS, 0)
    assert disputed_money() == (-900, 0)
    row = dispute_row(made)
    assert (row.status, row.credits, row.withdrawn_minor, row.payment_id) == ("open", 10, 900, sale.charge)
    assert row.evidence_due_by is not None
    agree()
    assert house("stripe:fees") == -56 - FEE


@pytest.mark.pain(13)
def test_spent_credits_are_owed_after_a_dispute_and_repaid_by_the_next_purchase(
    buyer: Buyer, sale: Sale, bank: Bank, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    spend(buyer, 9)
    bank.disputes(sale.charge)
    deliver_webhooks()
    assert (buyer.credits, owed(buyer)) == (0, 6), "the 3 free ones and 6 of the purchase were spent"
    assert figures(sale.ref) == ("disputed", 900, 10)
    second = sell(buyer, sandbox, deliver_webhooks, form_ref="form-0002")
    assert (buyer.credits, owed(buyer)) == (4, 0)
    assert "6 of these credits went to the ones that you owed" in mail_body("receipt", second.ref)
    agree()


def test_a_dispute_that_is_won_gives_everything_back_but_the_fee(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks
) -> None:
    spend(buyer, 9)
    made = bank.disputes(sale.charge)
    deliver_webhooks()
    bank.decides(made, won=True)
    deliver_webhooks(copies=2)
    assert figures(sale.ref) == ("paid", 0, 0)
    assert (buyer.credits, owed(buyer)) == (4, 0)
    assert disputed_money() == (0, 0)
    assert dispute_row(made).status == "won"
    agree()
    assert house("stripe:fees") == -56 - FEE


def test_a_dispute_that_is_lost_stays_lost(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks
) -> None:
    made = bank.disputes(sale.charge)
    deliver_webhooks()
    bank.decides(made, won=False)
    deliver_webhooks(copies=2)
    assert figures(sale.ref) == ("disputed", 900, 10)
    assert buyer.credits == FREE_CREDITS
    assert disputed_money() == (0, -900)
    row = dispute_row(made)
    assert (row.status, row.lost_minor) == ("lost", 900)
    assert row.closed_at is not None
    agree()


def test_credits_that_were_repaid_come_back_when_the_dispute_is_won(
    buyer: Buyer, sale: Sale, bank: Bank, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    spend(buyer, 13)
    made = bank.disputes(sale.charge)
    deliver_webhooks()
    sell(buyer, sandbox, deliver_webhooks, form_ref="form-0002")
    assert (buyer.credits, owed(buyer)) == (0, 0)
    bank.decides(made, won=True)
    deliver_webhooks()
    assert (buyer.credits, owed(buyer)) == (10, 0)
    agree()


@pytest.mark.parametrize("ends", ["closed", "escalated"])
def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks, ends: str
) -> None:
    make_user(admin=True)
    made = bank.disputes(sale.charge, inquiry=True)
    deliver_webhooks()
    assert figures(sale.ref) == ("paid", 0, 0)
    assert count("mail_messages", "template = 'dispute_operator'") == 1
    if ends == "closed":
        bank.decides(made, won=False)
        deliver_webhooks(copies=2)
        row = dispute_row(made)
        assert (row.status, row.closed_at is not None) == ("inquiry", True)
        assert (figures(sale.ref), buyer.credits) == (("paid", 0, 0), FREE_CREDITS + 10)
    else:
        bank.escalates(made)
        deliver_webhooks(copies=2)
        assert dispute_row(made).status == "open"
        assert (figures(sale.ref), buyer.credits) == (("disputed", 900, 10), FREE_CREDITS)
    assert count("mail_messages", "template = 'dispute_operator'") == 2
    assert count("mail_messages", "template LIKE 'dispute_%' AND template <> 'dispute_operator'") == (ends != "closed")
    agree()


@pytest.mark.pain(14)
@pytest.mark.parametrize("left", [10, 4, 0])
def test_a_refund_and_a_dispute_of_one_payment_never_take_more_than_was_bought(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks, left: int
) -> None:
    spend(buyer, FREE_CREDITS + 10 - left)
    bank.refunds(sale.charge, 300)
    deliver_webhooks()
    assert stored(sale.ref).revoked_credits == 3
    made = bank.disputes(sale.charge)
    deliver_webhooks(copies=2)
    assert figures(sale.ref) == ("disputed", 600, 10)
    assert (buyer.credits, owed(buyer)) == (0, 10 - left)
    bank.decides(made, won=True)
    deliver_webhooks()
    assert figures(sale.ref) == ("partly_refunded", 0, 3)
    agree()


@pytest.mark.pain(14)
def test_a_dispute_of_the_whole_price_after_a_refund_is_capped_and_may_be_won_in_part(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks
) -> None:
    """Stripe gives back what was refunded before, and calls the dispute lost (docs/payments.md)."""
    bank.refunds(sale.charge, 300)
    deliver_webhooks()
    reading = shown(sale.charge)
    bring_level(sale, replace(reading, withdrawn=900))
    assert figures(sale.ref) == ("disputed", 900, 10)
    bring_level(sale, replace(reading, status="lost", withdrawn=900, reinstated=300))
    assert figures(sale.ref) == ("disputed", 600, 10)
    assert disputed_money() == (0, -600)
    assert (buyer.credits, owed(buyer)) == (FREE_CREDITS, 0)
    bring_level(sale, reading)
    assert dispute_row(reading.id).status == "lost"


def test_money_that_comes_back_after_a_dispute_was_lost_is_booked(buyer: Buyer, sale: Sale) -> None:
    reading = shown(sale.charge)
    bring_level(sale, replace(reading, status="lost", withdrawn=900))
    assert disputed_money() == (0, -900)
    bring_level(sale, replace(reading, status="lost", withdrawn=900, reinstated=450))
    assert (disputed_money(), figures(sale.ref)) == ((0, -450), ("disputed", 450, 5))
    bring_level(sale, replace(reading, status="won", withdrawn=900, reinstated=900))
    assert (disputed_money(), figures(sale.ref)) == ((0, 0), ("paid", 0, 0))
    assert buyer.credits == FREE_CREDITS + 10


def test_a_dispute_of_a_part_takes_its_part(buyer: Buyer, sale: Sale) -> None:
    first, second = replace(shown(sale.charge), amount=450, withdrawn=450), replace(shown(sale.charge), id="dp_second")
    bring_level(sale, first)
    assert (figures(sale.ref), buyer.credits) == (("disputed", 450, 5), FREE_CREDITS + 5)
    bring_level(sale, replace(second, amount=450, withdrawn=450))
    assert (figures(sale.ref), buyer.credits) == (("disputed", 900, 10), FREE_CREDITS)
    bring_level(sale, replace(first, status="won", reinstated=450))
    assert (figures(sale.ref), buyer.credits) == (("disputed", 450, 5), FREE_CREDITS + 5)


@pytest.mark.pain(7)
@pytest.mark.parametrize("ending", ["won", "lost"])
def test_an_older_reading_changes_nothing(buyer: Buyer, sale: Sale, ending: str) -> None:
    opened = replace(shown(sale.charge), withdrawn=900)
    readings = [
        replace(opened, status="warning_needs_response", withdrawn=0),
        replace(opened, status="needs_response", withdrawn=0),
        opened,
        replace(opened, status=ending, reinstated=0),
        replace(opened, status=ending, reinstated=900 if ending == "won" else 0),
    ]
    for reading in readings:
        bring_level(sale, reading)
    stands = figures(sale.ref), disputed_money(), buyer.credits, count("transactions"), count("mail_messages")
    for reading in [*readings, *reversed(readings)]:
        bring_level(sale, reading)
        assert dispute_row(opened.id).status == ending
    assert (figures(sale.ref), disputed_money(), buyer.credits, count("transactions"), count("mail_messages")) == stands


def test_an_inquiry_that_was_closed_can_still_become_a_dispute(buyer: Buyer, sale: Sale) -> None:
    reading = shown(sale.charge)
    bring_level(sale, replace(reading, status="warning_closed"))
    assert dispute_row(reading.id).closed_at is not None
    bring_level(sale, replace(reading, withdrawn=900))
    row = dispute_row(reading.id)
    assert (row.status, row.closed_at, figures(sale.ref)) == ("open", None, ("disputed", 900, 10))


def test_a_won_dispute_waits_for_its_money(buyer: Buyer, sale: Sale) -> None:
    opened = replace(shown(sale.charge), withdrawn=900)
    bring_level(sale, opened)
    bring_level(sale, replace(opened, status="won"))
    assert (dispute_row(opened.id).status, figures(sale.ref)) == ("open", ("disputed", 900, 10))
    bring_level(sale, replace(opened, status="won", reinstated=900))
    assert (dispute_row(opened.id).status, figures(sale.ref)) == ("won", ("paid", 0, 0))
    assert buyer.credits == FREE_CREDITS + 10


def test_a_dispute_of_a_second_payment_takes_nothing_and_operators_are_told_once(
    buyer: Buyer, sale: Sale, bank: Bank, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    make_user(admin=True)
    second = sandbox.client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"purchase_ref": sale.ref},
        }
    )
    deliver_webhooks()
    made = bank.disputes(str(second.latest_charge))
    deliver_webhooks(copies=2)
    bank.decides(made, won=False)
    deliver_webhooks(copies=2)
    assert (figures(sale.ref), buyer.credits) == (("paid", 0, 0), FREE_CREDITS + 10)
    assert dispute_row(made).status == "unclaimed"
    assert count("mail_messages", "template = 'dispute_operator'") == 1
    assert count("inbox_events", "status IN ('pending', 'dead')") == 0
    agree(unmatched=2)
    assert house("unmatched") == 0, "the second payment came and went"


def test_a_disputed_payment_of_another_shop_is_not_ours(
    buyer: Buyer, bank: Bank, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    paid = sandbox.client.v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
        }
    )
    bank.disputes(str(paid.latest_charge))
    deliver_webhooks()
    assert count("disputes") == 0
    assert count("inbox_events", "status IN ('pending', 'dead')") == 0
    agree(unmatched=2)


def test_reconciliation_books_a_dispute_that_no_event_told_of(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks
) -> None:
    made = bank.disputes(sale.charge)
    agree()
    assert (figures(sale.ref), disputed_money()) == (("disputed", 900, 10), (-900, 0))
    bank.decides(made, won=True)
    agree()
    assert (figures(sale.ref), disputed_money()) == (("paid", 0, 0), (0, 0))
    deliver_webhooks()
    agree()


@pytest.mark.pain(16)
def test_fees_of_a_dispute_are_stripes_own_figures(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks
) -> None:
    bank.disputes(sale.charge)
    deliver_webhooks()
    agree()
    assert count("transactions", "kind = 'stripe_fee'") == 2
    assert house("stripe:balance") == -(900 - 56 - 900 - FEE)


def test_who_paid_with_a_card_that_disputes_at_once_has_nothing_left(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url, card="4000000000000259")
    deliver_webhooks(copies=2, shuffle=4)
    assert (figures(started.ref), buyer.credits) == (("disputed", 900, 10), FREE_CREDITS)
    agree()


def test_the_buyer_is_told_once_of_each_step(
    buyer: Buyer, sale: Sale, bank: Bank, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    make_user(admin=True)
    spend(buyer, 9)
    made = bank.disputes(sale.charge)
    deliver_webhooks(copies=2)
    opened = mail_body("dispute_opened", sale.ref)
    assert "$9.00" in opened
    assert "owe 6 credits" in opened
    bank.decides(made, won=False)
    deliver_webhooks(copies=2)
    assert "What was taken for it stays taken: 10 credits" in mail_body("dispute_closed", sale.ref)
    assert count("mail_messages", "template = 'dispute_opened'") == 1
    assert count("mail_messages", "template = 'dispute_closed'") == 1
    assert count("mail_messages", "template = 'dispute_operator'") == 2


def shown(charge: str) -> Dispute:
    """Return a dispute as Stripe shows one in which nothing has moved yet."""
    return Dispute(
        id="dp_first",
        amount=900,
        currency="usd",
        status="needs_response",
        reason="fraudulent",
        charge_id=charge,
        withdrawn=0,
        reinstated=0,
        evidence_due_by=None,
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
    )


def bring_level(sale: Sale, reading: Dispute) -> None:
    with transaction() as session:
        disputing.bring_level(session, sale.ref, reading, actor="test")
