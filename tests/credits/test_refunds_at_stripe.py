"""Refunds that were made in Stripe's dashboard, and events of refunds in every order."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from randonumber.credits import refund_jobs
from randonumber.credits.service import refunds
from randonumber.database import transaction
from randonumber.errors import AccountBarred
from randonumber.sandbox import inprocess
from randonumber.stripe_gateway import gateway
from tests.credits.bank import Bank
from tests.credits.conftest import count, house, stored
from tests.credits.refunding import BOUNCES, CREATE, WAITS, Shop, agreed, draw_credits, figures, refund, refunds_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from randonumber.stripe_gateway import Refund


def level(ref: str, shown: Refund) -> None:
    """Apply one reading of a refund."""
    with transaction() as session:
        refunds.bring_level(session, ref, shown, actor="test")


def shown(refund_id: str) -> Refund:
    return gateway().get_refund(refund_id)


@pytest.mark.pain(12)
def test_what_the_dashboard_gives_back_takes_the_credits_too(shop: Shop) -> None:
    ref = shop.buy(10)
    refund_id = shop.dashboard(ref)
    shop.deliver(copies=2)
    assert (shop.credits, shop.owed, figures(ref)) == (0, 0, ("refunded", 900, 10))
    row = refund(ref)
    assert (row.origin, row.status, row.stripe_refund_id, row.credits) == ("stripe", "succeeded", refund_id, 10)
    assert count("transactions", "kind = 'refund_external' AND ref = :ref", ref=refund_id) == 1
    agreed()


@pytest.mark.pain(13)
def test_credits_that_are_spent_are_owed_and_bar_spending_until_the_next_purchase(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.draw(7)
    shop.dashboard(ref)
    shop.deliver()
    assert (shop.credits, shop.owed, figures(ref)) == (0, 7, ("refunded", 900, 10))
    shop.buy(10, form_ref="form-0002")
    assert (shop.credits, shop.owed) == (3, 0)
    draw_credits(shop.buyer.person, 1)
    agreed()


def test_who_owes_credits_cannot_spend_others(shop: Shop) -> None:
    spent = shop.buy(10)
    shop.buy(10, form_ref="form-0002")
    shop.draw(10)
    shop.dashboard(spent)
    shop.deliver()
    assert (shop.credits, shop.owed) == (10, 10)
    with pytest.raises(AccountBarred):
        draw_credits(shop.buyer.person, 1)


@pytest.mark.pain(14)
def test_parts_add_up_and_take_what_goes_with_them_rounded_down(shop: Shop) -> None:
    ref = shop.buy(10)
    for amount, status, taken in ((100, "partly_refunded", 1), (100, "partly_refunded", 2), (700, "refunded", 10)):
        shop.dashboard(ref, amount)
        shop.deliver()
        assert (stored(ref).status, stored(ref).revoked_credits) == (status, taken)
    assert (len(refunds_of(ref)), shop.credits) == (3, 0)
    agreed()


def test_the_buyer_is_offered_what_is_left_after_a_part(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.dashboard(ref, 450)
    shop.deliver()
    assert shop.give_back(ref).amount_minor == 450
    shop.deliver()
    assert figures(ref) == ("refunded", 900, 10)
    agreed()


@pytest.mark.pain(7)
@pytest.mark.parametrize("seed", range(6))
def test_events_of_a_payment_and_its_refund_in_any_order(shop: Shop, seed: int) -> None:
    started = shop.buyer.start(10)
    assert started.url is not None
    shop.sandbox.pay(started.url)
    [charge] = shop.sandbox.client.v1.charges.list().data
    shop.sandbox.client.v1.refunds.create({"charge": charge.id, "amount": 450})
    types = shop.deliver(copies=2, shuffle=seed)
    assert {"charge.refunded", "refund.created", "checkout.session.completed"} <= set(types)
    assert (figures(started.ref), shop.credits) == (("partly_refunded", 450, 5), 5)
    assert count("inbox_events", "status IN ('pending', 'dead')") == 0
    agreed()


@pytest.mark.pain(7)
@pytest.mark.parametrize("first", ["refund.created", "charge.refunded", "refund.updated"])
def test_an_event_of_the_refund_alone_completes_the_purchase(shop: Shop, client: FlaskClient, first: str) -> None:
    started = shop.buyer.start(10)
    assert started.url is not None
    shop.sandbox.pay(started.url)
    [charge] = shop.sandbox.client.v1.charges.list().data
    shop.sandbox.client.v1.refunds.create({"charge": charge.id, "amount": 450})
    due = inprocess.deliveries(shop.sandbox.app, acknowledge=False)
    alone = next(one for one in due if json.loads(one.body)["type"] == first)
    client.post(urlsplit(alone.url).path, data=alone.body, headers=alone.headers)
    shop.run()
    assert figures(started.ref) == ("partly_refunded", 450, 5), "the payment is read with its refund"
    shop.deliver()
    agreed()


READINGS = ("waits", "went", "failed")


@pytest.mark.pain(15)
@pytest.mark.parametrize("order", list(permutations(READINGS)), ids="-".join)
@pytest.mark.parametrize("is_ours", [True, False], ids=["ours", "dashboard"])
def test_readings_of_a_refund_that_fails_end_alike_in_every_order(
    shop: Shop,
    order: tuple[str, ...],
    is_ours: bool,  # noqa: FBT001 - a case of the table
) -> None:
    ref = shop.buy(10)
    shop.draw(4)
    if is_ours:
        shop.sandbox.fault(CREATE, "reset_after")
        shop.give_back(ref)
        [made] = shop.sandbox.client.v1.refunds.list().data
        refund_id = made.id
    else:
        refund_id = shop.dashboard(ref, 500)
    went = shown(refund_id)
    waits = replace(went, status="pending", balance_transaction_id=None)
    Bank(sandbox=shop.sandbox).returns(refund_id)
    readings = {"waits": waits, "went": went, "failed": shown(refund_id)}
    assert readings["failed"].status == "failed"
    for name in (*order, *order):
        level(ref, readings[name])
    shop.deliver()
    assert (refund(ref).status, figures(ref), shop.credits, shop.owed) == ("failed", ("paid", 0, 0), 6, 0)
    assert (house("sales"), house("refunds:in_transit")) == (900, 0)
    agreed()


def test_a_dashboard_refund_that_is_not_out_yet_holds_its_credits_already(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.draw(4)
    refund_id = shop.dashboard(ref)
    went = shown(refund_id)
    level(ref, replace(went, status="pending", balance_transaction_id=None))
    assert (refund(ref).status, house("refunds:in_transit"), shop.owed) == ("pending", 900, 4)
    shop.deliver()
    assert (refund(ref).status, house("refunds:in_transit"), shop.owed) == ("succeeded", 0, 4)
    agreed()


def test_a_refund_that_failed_before_it_went_out_gives_back_what_was_held(shop: Shop) -> None:
    ref = shop.buy(10)
    waits = replace(shown(shop.dashboard(ref)), status="pending", balance_transaction_id=None)
    other = replace(waits, id="re_never_went_out")
    level(ref, other)
    assert (shop.credits, house("refunds:in_transit")) == (0, 900)
    level(ref, replace(other, status="failed", failure_reason="insufficient_funds"))
    assert (shop.credits, house("refunds:in_transit"), figures(ref)) == (10, 0, ("paid", 0, 0))
    shop.deliver()
    assert figures(ref) == ("refunded", 900, 10)
    agreed()


@pytest.mark.pain(15)
def test_a_dashboard_refund_that_fails_gives_the_credits_back(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.draw(7)
    refund_id = shop.dashboard(ref)
    shop.deliver()
    assert shop.owed == 7
    Bank(sandbox=shop.sandbox).returns(refund_id)
    shop.deliver(copies=2)
    assert (shop.credits, shop.owed, figures(ref)) == (3, 0, ("paid", 0, 0))
    agreed()


@pytest.mark.pain(14)
def test_a_refund_and_a_dispute_of_one_payment_take_no_more_than_was_bought(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.draw(7)
    shop.dashboard(ref, 450)
    shop.deliver()
    bank = Bank(sandbox=shop.sandbox)
    dispute = bank.disputes(stored(ref).payment_id or "")
    shop.deliver()
    assert (stored(ref).status, stored(ref).revoked_credits, shop.owed) == ("disputed", 10, 7)
    bank.decides(dispute, won=True)
    shop.deliver()
    assert (figures(ref), shop.credits, shop.owed) == (("partly_refunded", 450, 5), 0, 2)
    agreed()


@pytest.mark.pain(7)
def test_reconciliation_hears_of_a_refund_that_no_event_told_of(shop: Shop) -> None:
    ref = shop.buy(10, card=BOUNCES)
    shop.dashboard(ref, 450)
    agreed()
    assert figures(ref) == ("partly_refunded", 450, 5)
    shop.sandbox.advance(86_401)
    agreed()
    assert (figures(ref), refund(ref).status) == (("paid", 0, 0), "failed")


def test_the_sweep_asks_what_became_of_pending_refunds(shop: Shop) -> None:
    ref = shop.buy(10, card=WAITS)
    shop.give_back(ref)
    assert refund_jobs.sweep_all() == 0
    shop.sandbox.advance(86_401)
    assert refund_jobs.sweep_all() == 1
    assert refund(ref).status == "succeeded"


def test_a_second_payment_that_is_given_back_touches_no_credits(shop: Shop) -> None:
    ref = shop.buy(10)
    purchase = stored(ref)
    second = shop.sandbox.client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"purchase_ref": ref},
        }
    )
    shop.deliver()
    assert count("extra_payments") == 1
    shop.sandbox.client.v1.refunds.create({"payment_intent": second.id})
    shop.deliver(copies=2)
    assert (figures(ref), shop.credits, refunds_of(ref)) == (("paid", 0, 0), 10, [])
    assert purchase.payment_id == stored(ref).payment_id
    agreed()


def test_a_refund_that_copies_our_ref_is_not_taken_for_ours(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.operator(ref, 100)
    ours = refund(ref)
    charge = stored(ref).payment_id or ""
    shop.sandbox.client.v1.refunds.create({"charge": charge, "amount": 200, "metadata": {"ref": ours.ref}})
    shop.deliver()
    assert [row.origin for row in refunds_of(ref)] == ["operator", "stripe"]
    assert figures(ref) == ("partly_refunded", 300, 3)
    agreed()


def test_refunds_of_others_are_not_ours(shop: Shop) -> None:
    theirs = shop.sandbox.client.v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
        }
    )
    shop.sandbox.client.v1.refunds.create({"payment_intent": theirs.id})
    shop.deliver()
    assert count("refunds") == 0
    assert count("inbox_events", "type LIKE '%refund%' AND status <> 'ignored'") == 0
    agreed()
