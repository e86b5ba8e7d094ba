"""A buyer gives back what is unspent: what it comes to, when it may be had, and where the money and the credits go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from randonumber import clock
from randonumber.credits.service import refunds
from randonumber.credits.service.refunds import NotRefundable
from randonumber.database import transaction
from randonumber.errors import AccountBarred, InsufficientCredits, InvalidRequest, NotFound, Refused
from tests.credits.conftest import Buyer, count, house, stored
from tests.credits.refunding import (
    BOUNCES,
    CREATE,
    WAITS,
    Shop,
    agreed,
    as_person,
    draw_credits,
    figures,
    refund,
    refunds_of,
)
from tests.people import make_user

if TYPE_CHECKING:
    from flask import Flask


def codes(shop: Shop, ref: str, form_ref: str = "back-0009") -> list[str]:
    """Why a refund is refused now; what is shown before is what is refused then."""
    purchase = stored(ref)
    with transaction() as session:
        shown = refunds.offer(session, purchase).reasons
    with pytest.raises(NotRefundable) as refused:
        shop.give_back(ref, form_ref)
    assert refused.value.reasons == shown
    assert refused.value.extra["reasons"] == [reason.as_json for reason in shown]
    return [reason.code for reason in shown]


def test_a_purchase_of_which_nothing_is_spent_comes_back_whole(shop: Shop) -> None:
    ref = shop.buy(10)
    asked = shop.give_back(ref)
    assert (asked.status, asked.amount_minor, asked.credits, asked.failure) == ("succeeded", 900, 10, None)
    assert figures(ref) == ("refunded", 900, 10)
    assert (shop.credits, shop.owed, house("sales"), house("refunds:in_transit")) == (0, 0, 0, 0)
    shop.deliver(copies=2)
    assert len(refunds_of(ref)) == 1
    agreed()
    assert (house("stripe:fees"), house("stripe:balance")) == (-56, 56), "Stripe keeps its fee"
    assert count("mail_messages", "template = 'refund'") == 1


@pytest.mark.pain(13)
def test_what_is_spent_is_kept_at_the_price_of_so_few(shop: Shop) -> None:
    ref = shop.buy(100)
    shop.draw(10)
    asked = shop.give_back(ref)
    assert (asked.amount_minor, asked.credits) == (7000 - 10 * 90, 90)
    assert figures(ref) == ("partly_refunded", 6100, 90)
    assert (shop.credits, shop.owed) == (0, 0)
    shop.deliver()
    agreed()
    with pytest.raises(InsufficientCredits):
        shop.draw(1)


def test_credits_of_other_lots_are_not_touched(shop: Shop) -> None:
    first, second = shop.buy(10), shop.buy(10, form_ref="form-0002")
    shop.draw(4)
    assert shop.give_back(second).credits == 10
    assert shop.credits == 6
    assert figures(first) == ("paid", 0, 0)


@pytest.mark.pain(4)
def test_one_form_is_one_refund(shop: Shop) -> None:
    ref = shop.buy(10)
    first, again = shop.give_back(ref), shop.give_back(ref)
    assert first == again
    assert len(shop.sandbox.sent(CREATE)) == 1
    with pytest.raises(InvalidRequest, match="made its refund"):
        shop.give_back(shop.buy(10, form_ref="form-0002"), "back-0001")


def test_a_strangers_purchase_is_not_there(shop: Shop) -> None:
    ref = shop.buy(10)
    stranger = as_person(Buyer(person=make_user()))
    for wrong in (ref, "pur_none", "'"):
        with pytest.raises(NotFound):
            refunds.refund_for_buyer(stranger, wrong, "back-0001")
    assert refunds_of(ref) == []


def test_what_is_not_paid_gives_nothing_back(shop: Shop) -> None:
    ref = shop.buyer.start(10).ref
    assert codes(shop, ref) == ["not_paid"]
    with pytest.raises(Refused, match="is pending"):
        shop.operator(ref)


def test_what_is_all_spent_gives_nothing_back(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.draw(10)
    assert codes(shop, ref) == ["nothing_left"]


def test_what_was_given_back_is_not_given_back_again(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.give_back(ref)
    assert codes(shop, ref) == ["nothing_left"]


def test_where_the_spent_part_alone_costs_as_much_nothing_is_left_to_pay(shop: Shop) -> None:
    ref = shop.buy(100)
    shop.draw(78)
    assert codes(shop, ref) == ["worth_nothing"], "78 credits cost 70.20, and 100 cost 70.00"


def test_the_window_is_counted_from_the_payment(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    paid_at = stored(ref).paid_at
    assert paid_at is not None
    days = timedelta(days=committed.extensions["config"].refund_window_days)
    with clock.frozen(paid_at + days + timedelta(seconds=1)):
        assert codes(shop, ref) == ["window_over"]
    with clock.frozen(paid_at + days - timedelta(seconds=1)):
        assert shop.give_back(ref).amount_minor == 900


def test_refunds_are_counted_over_thirty_days(shop: Shop) -> None:
    refs = [shop.buy(1, form_ref=f"form-{number:04}") for number in range(4)]
    began = clock.now()
    for number, ref in enumerate(refs[:3]):
        with clock.frozen(began + timedelta(days=number)):
            shop.give_back(ref, f"back-{number:04}")
    last = refs[3]
    with clock.frozen(began + timedelta(days=3)):
        assert codes(shop, last) == ["too_many"]
        purchase = stored(last)
        with transaction() as session:
            [reason] = refunds.offer(session, purchase).reasons
        assert reason.until == began + timedelta(days=30)
    with clock.frozen(began + timedelta(days=30, seconds=1)):
        assert "too_many" not in codes(shop, last), "only the window is over"


def test_a_refund_that_failed_counts_against_nobody(shop: Shop) -> None:
    bounced = shop.buy(10, card=BOUNCES)
    shop.give_back(bounced)
    shop.sandbox.advance(86_401)
    shop.deliver()
    assert refund(bounced).status == "failed"
    for number in range(3):
        ref = shop.buy(1, form_ref=f"form-1{number:03}")
        assert shop.give_back(ref, f"back-1{number:03}").amount_minor == 100


def test_who_owes_settles_that_first(shop: Shop) -> None:
    spent, kept = shop.buy(10), shop.buy(100, form_ref="form-0002")
    shop.draw(10)
    shop.dashboard(spent)
    shop.deliver()
    assert shop.owed == 10
    assert codes(shop, kept) == ["debt"]
    with pytest.raises(AccountBarred):
        draw_credits(shop.buyer.person, 1)


def test_one_refund_of_a_purchase_is_under_way_at_a_time(shop: Shop) -> None:
    ref = shop.buy(10)
    shop.sandbox.fault(CREATE, "reset_before", times=2)
    assert shop.give_back(ref).status == "held"
    assert codes(shop, ref) == ["in_progress"]


@pytest.mark.pain(15)
def test_a_refund_that_fails_later_is_undone(shop: Shop) -> None:
    make_user(admin=True)
    ref = shop.buy(10, card=BOUNCES)
    shop.draw(4)
    assert shop.give_back(ref).amount_minor == 540 - 40, "900 less 4 at 1.00"
    shop.deliver()
    assert figures(ref) == ("partly_refunded", 500, 6)
    shop.sandbox.advance(86_401)
    shop.deliver(copies=2)
    assert (refund(ref).status, refund(ref).failure) == ("failed", "expired_or_canceled_card")
    assert figures(ref) == ("paid", 0, 0)
    assert (shop.credits, house("sales")) == (6, 900)
    agreed()
    assert count("mail_messages", "template = 'refund_failed'") == 1
    assert count("mail_messages", "template = 'refund_alarm'") == 1
    assert count("transactions", "kind = 'refund_fail' AND reverses_id IS NOT NULL") == 1


def test_a_pending_refund_is_booked_and_arrives(shop: Shop) -> None:
    ref = shop.buy(10, card=WAITS)
    assert shop.give_back(ref).status == "pending"
    assert codes(shop, ref) == ["in_progress"]
    shop.sandbox.advance(86_401)
    shop.deliver()
    assert refund(ref).status == "succeeded"
    assert count("mail_messages", "template = 'refund'") == 1
    agreed()


def test_a_refund_that_is_cancelled_at_stripe_is_undone(shop: Shop) -> None:
    ref = shop.buy(10, card=WAITS)
    shop.give_back(ref)
    shop.sandbox.client.v1.refunds.cancel(refund(ref).stripe_refund_id or "")
    shop.deliver()
    assert (refund(ref).status, refund(ref).failure) == ("failed", "merchant_request")
    assert (shop.credits, figures(ref)) == (10, ("paid", 0, 0))
    agreed()
