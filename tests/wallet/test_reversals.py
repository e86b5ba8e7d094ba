"""Refunds and disputes of top-ups: taken once, given back once, and together never more than was paid."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import payments
from randonumber.credits.service import WalletTooSmall
from randonumber.database import transaction
from randonumber.inbox import dispatch
from randonumber.stripe_gateway import gateway
from randonumber.wallet import jobs
from tests.credits.conftest import house
from tests.wallet.conftest import AT_ONCE, Purse, agreed, mails, postings, reversals, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

REVERSED = ("refund_external", "refund_fail", "dispute_open", "dispute_won", "dispute_lost")


def released(purse: Purse, amount: int = 5_000) -> str:
    """Top up, with funds that are available at once."""
    ref = purse.top_up(amount, card=AT_ONCE)
    jobs.sweep_all()
    assert purse.stands[0] >= amount
    return ref


def beyond(purse: Purse, ref: str) -> tuple[str, str]:
    """Let a bank ask about a payment, refund a part of it, and let the bank take all of it nevertheless."""
    dispute = purse.dispute(ref, inquiry=True)
    refund = purse.refund(ref, 3_000)
    purse.bank.escalates(dispute)
    return refund, dispute


def test_a_refund_while_pending_comes_out_of_the_pending_part(purse: Purse) -> None:
    ref = purse.top_up()
    refund = purse.refund(ref, 2_000)
    purse.deliver()
    assert purse.stands == (0, 3_000, 0)
    assert postings(*REVERSED) == [("refund_external", refund)]
    assert mails("topup_taken") == 1
    agreed()
    purse.arrives()
    assert (purse.stands, stored(ref).status) == ((3_000, 0, 0), "available")
    agreed()


def test_a_pending_top_up_leaves_what_others_brought_alone(purse: Purse) -> None:
    released(purse, 1_000)
    pending = purse.top_up(5_000)
    purse.dispute(pending)
    purse.deliver()
    assert purse.stands == (1_000, 0, 0)


def test_a_refund_after_the_release_comes_out_of_the_wallet_and_the_rest_is_owed(purse: Purse) -> None:
    ref = released(purse)
    purse.spend(4_000)
    purse.refund(ref, 3_000)
    purse.deliver()
    assert purse.stands == (0, 0, 2_000)
    agreed()


def test_all_of_a_pending_top_up_may_go_and_nothing_is_released(purse: Purse) -> None:
    ref = purse.top_up()
    purse.refund(ref, 5_000)
    purse.deliver()
    purse.arrives()
    assert (stored(ref).status, purse.stands) == ("available", (0, 0, 0))
    assert postings("topup_available") == []


def test_several_refunds_come_to_what_was_paid(purse: Purse) -> None:
    ref = released(purse)
    for amount in (1_000, 1_500, 2_500):
        purse.refund(ref, amount)
        purse.deliver()
    assert (purse.stands, stored(ref).refunded_minor) == ((0, 0, 0), 5_000)
    assert len(postings("refund_external")) == 3
    agreed()


def test_a_failed_refund_gives_the_money_back_once(purse: Purse) -> None:
    ref = released(purse)
    refund = purse.refund(ref, 2_000)
    purse.deliver()
    purse.bank.returns(refund)
    purse.deliver(copies=2)
    assert (purse.stands, stored(ref).refunded_minor) == ((5_000, 0, 0), 0)
    assert postings(*REVERSED) == [("refund_external", refund), ("refund_fail", refund)]
    assert [row.status for row in reversals(ref)] == ["undone"]
    assert mails("topup_returned") == 1
    agreed()


def test_a_failed_refund_while_pending_comes_back_to_the_pending_part(purse: Purse) -> None:
    ref = purse.top_up()
    refund = purse.refund(ref, 2_000)
    purse.deliver()
    purse.bank.returns(refund)
    purse.deliver()
    assert purse.stands == (0, 5_000, 0)


def test_a_refund_that_is_heard_of_when_it_failed_is_booked_both_ways(purse: Purse) -> None:
    ref = released(purse)
    refund = purse.refund(ref, 2_000)
    purse.bank.returns(refund)
    purse.deliver()
    assert purse.stands == (5_000, 0, 0)
    assert postings(*REVERSED) == [("refund_external", refund), ("refund_fail", refund)]
    agreed()


def test_a_dispute_that_is_won_gives_all_back(purse: Purse) -> None:
    ref = released(purse)
    dispute = purse.dispute(ref)
    purse.deliver()
    assert purse.stands == (0, 0, 0)
    purse.bank.decides(dispute, won=True)
    purse.deliver()
    assert (purse.stands, stored(ref).disputed_minor) == ((5_000, 0, 0), 0)
    assert postings(*REVERSED) == [("dispute_open", dispute), ("dispute_won", dispute)]
    agreed()


def test_a_dispute_that_is_lost_stays_taken(purse: Purse) -> None:
    ref = released(purse)
    purse.spend(5_000)
    dispute = purse.dispute(ref)
    purse.deliver()
    purse.bank.decides(dispute, won=False)
    purse.deliver()
    assert purse.stands == (0, 0, 5_000)
    assert [row.status for row in reversals(ref)] == ["done"]
    assert house("disputes:held") == house("disputes:lost") == 0
    agreed()


def test_what_comes_back_repays_what_is_owed_first(purse: Purse) -> None:
    ref = released(purse)
    purse.spend(5_000)
    dispute = purse.dispute(ref)
    purse.deliver()
    purse.top_up(2_000, card=AT_ONCE)
    jobs.sweep_all()
    assert purse.stands == (0, 0, 3_000)
    purse.bank.decides(dispute, won=True)
    purse.deliver()
    assert purse.stands == (2_000, 0, 0)
    agreed()


def test_an_inquiry_takes_nothing_until_it_is_escalated(purse: Purse) -> None:
    ref = released(purse)
    dispute = purse.dispute(ref, inquiry=True)
    purse.deliver()
    assert (purse.stands, [row.status for row in reversals(ref)]) == ((5_000, 0, 0), ["inquiry"])
    purse.bank.escalates(dispute)
    purse.deliver()
    assert (purse.stands, [row.status for row in reversals(ref)]) == ((0, 0, 0), ["open"])
    agreed()


@pytest.mark.parametrize("won", [True, False])
def test_a_refund_and_a_dispute_never_take_more_than_was_paid(purse: Purse, won: bool) -> None:  # noqa: FBT001
    ref = released(purse)
    _, dispute = beyond(purse, ref)
    purse.deliver()
    topup = stored(ref)
    assert (topup.taken_minor, topup.excess_minor, purse.stands) == (5_000, 3_000, (0, 0, 0))
    assert house("disputes:held") == -3_000
    agreed()
    purse.bank.decides(dispute, won=won)
    purse.deliver()
    assert purse.stands == ((2_000, 0, 0) if won else (0, 0, 0))
    assert (house("disputes:held"), house("disputes:lost")) == (0, 0 if won else -3_000)
    agreed()


def test_a_refund_that_fails_after_a_lost_dispute_gives_back_what_was_ours(purse: Purse) -> None:
    ref = released(purse)
    refund, dispute = beyond(purse, ref)
    purse.bank.decides(dispute, won=False)
    purse.deliver()
    purse.bank.returns(refund)
    purse.deliver()
    assert (purse.stands, stored(ref).excess_lost_minor) == ((0, 0, 0), 0)
    assert house("disputes:held") == house("disputes:lost") == 0
    agreed()


def test_a_debt_bars_spending(purse: Purse) -> None:
    from randonumber.credits import service
    from randonumber.credits.models import PurchaseMethod

    ref = released(purse)
    purse.spend(5_000)
    purse.dispute(ref)
    purse.deliver()
    order = service.Order(quantity=10, form_ref="form-0001", method=PurchaseMethod.WALLET)
    with pytest.raises((service.MoneyOwed, WalletTooSmall)):
        service.buy_from_wallet(purse.owner, order, network="10.0.0.0/24")


@pytest.mark.parametrize("won", [True, False])
def test_events_in_any_order_end_the_same(purse: Purse, won: bool) -> None:  # noqa: FBT001
    orders = list(permutations(range(4)))[::5]
    wanted: tuple[object, ...] | None = None
    for number, order in enumerate(orders):
        ref = purse.top_up(5_000, deliver=False)
        payment = _charge_of(purse, ref)
        purse.bank.refunds(payment, 1_000)
        dispute = purse.bank.disputes(payment, amount=4_000)
        purse.bank.decides(dispute, won=won)
        purse.deliver(run=False)
        events = _events(payment, dispute)
        for position in (*order, *reversed(order)):
            _dispatch(events[position])
        topup = stored(ref)
        found = topup.refunded_minor, topup.disputed_minor, topup.pending_minor, topup.excess_minor
        wanted = wanted or found
        assert found == wanted, order
        assert purse.stands == (0, (number + 1) * (4_000 if won else 0), 0)
    purse.deliver()
    agreed()


def test_an_older_reading_changes_nothing(purse: Purse) -> None:
    ref = released(purse)
    dispute = purse.dispute(ref)
    early = payments.effect_of_charge(gateway().get_charge(stored(ref).payment_id or ""), actor="test")
    assert early is not None
    purse.bank.decides(dispute, won=True)
    purse.deliver()
    with transaction() as session:
        early(session)
    assert (purse.stands, [row.status for row in reversals(ref)]) == ((5_000, 0, 0), ["undone"])


def _charge_of(purse: Purse, ref: str) -> str:
    session = purse.sandbox.client.v1.checkout.sessions.retrieve(stored(ref).checkout_session_id or "")
    intent = purse.sandbox.client.v1.payment_intents.retrieve(str(session.payment_intent))
    return str(intent.latest_charge)


def _events(payment: str, dispute: str) -> Sequence[str]:
    """The ids of four events of one payment: paid, refunded, disputed, decided."""
    with transaction() as session:
        query = text("SELECT type, id, object_id FROM inbox_events ORDER BY created_at DESC, id DESC")
        found = [(row.type, row.object_id, row.id) for row in session.execute(query)]
    newest = next(id_ for type_, _, id_ in found if type_ == "payment_intent.succeeded")
    refunded = next(id_ for type_, object_id, id_ in found if type_ == "charge.refunded" and object_id == payment)
    opened, closed = (
        next(id_ for type_, object_id, id_ in found if type_ == f"charge.dispute.{name}" and object_id == dispute)
        for name in ("created", "closed")
    )
    return newest, refunded, opened, closed


def _dispatch(event_id: str) -> None:
    with transaction() as session:
        dispatch.replay(session, event_id)
    assert dispatch.dispatch(event_id) == dispatch.Dispatched.CLOSED
