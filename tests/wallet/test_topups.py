"""Topping up on Stripe's page: booked once, available when Stripe has the funds, whoever tells first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.failpoints import FailpointRaised, arm
from randonumber.ledger import checks
from randonumber.wallet import jobs, service
from tests.wallet.conftest import AT_ONCE, Purse, agreed, mails, postings, stored

if TYPE_CHECKING:
    from tests.stripe_fixtures import StripeSandbox

SESSIONS = "POST /v1/checkout/sessions"


def test_a_top_up_is_pending_until_stripe_has_the_funds(purse: Purse) -> None:
    ref = purse.top_up(5_000)
    topup = stored(ref)
    assert (topup.status, topup.pending_minor, topup.card_last4) == ("paid", 5_000, "4242")
    assert purse.stands == (0, 5_000, 0)
    purse.run()
    jobs.release_topups(0)
    assert purse.stands == (0, 5_000, 0)
    agreed()
    purse.arrives()
    topup = stored(ref)
    assert (topup.status, topup.pending_minor, topup.available_at is not None) == ("available", 0, True)
    assert purse.stands == (5_000, 0, 0)
    assert postings("topup", "topup_available") == [("topup", ref), ("topup_available", ref)]
    assert mails("topup_received") == 1
    agreed()


def test_funds_that_are_there_at_once_are_available_at_once(purse: Purse) -> None:
    purse.top_up(5_000, card=AT_ONCE)
    jobs.sweep_all()
    assert purse.stands == (5_000, 0, 0)
    agreed()


def test_a_form_sent_twice_is_one_top_up(purse: Purse) -> None:
    first, second = (purse.start(form_ref="form-0001") for _ in range(2))
    assert first == second
    assert len(purse.sandbox.sent(SESSIONS)) == 1


def test_the_same_form_with_another_amount_closes_the_first_session(purse: Purse) -> None:
    first = purse.start(5_000, "form-0001")
    second = purse.start(6_000, "form-0001")
    assert first.ref != second.ref
    assert (stored(first.ref).status, stored(second.ref).amount_minor) == ("expired", 6_000)
    assert first.url is not None
    assert purse.sandbox.pay(first.url) is None
    assert second.url is not None
    purse.sandbox.pay(second.url)
    purse.deliver()
    assert purse.stands == (0, 6_000, 0)


def test_a_form_that_was_paid_is_shown_whatever_it_asks_for_now(purse: Purse) -> None:
    started = purse.start(5_000, "form-0001")
    assert started.url is not None
    purse.sandbox.pay(started.url)
    again = purse.start(6_000, "form-0001")
    assert (again.ref, again.status) == (started.ref, "paid")
    purse.deliver()
    assert purse.stands == (0, 5_000, 0)


def test_an_abandoned_session_expires(purse: Purse) -> None:
    started = purse.start()
    purse.sandbox.advance(25 * 3600)
    purse.deliver()
    assert (stored(started.ref).status, purse.stands) == ("expired", (0, 0, 0))


def test_a_lost_event_is_made_good_by_the_sweep(purse: Purse) -> None:
    ref = purse.top_up(deliver=False)
    jobs.sweep_all()
    assert (stored(ref).status, purse.stands) == ("paid", (0, 5_000, 0))
    agreed()


def test_reconciliation_completes_what_nobody_told_of(purse: Purse) -> None:
    ref = purse.top_up(deliver=False)
    agreed()
    assert stored(ref).status == "paid"


@pytest.mark.parametrize("copies", [1, 3])
def test_events_in_any_order_and_number_book_once(purse: Purse, copies: int) -> None:
    started = purse.start()
    assert started.url is not None
    purse.sandbox.pay(started.url)
    service.refresh_topup(started.ref, actor="test")
    purse.deliver(copies=copies, shuffle=copies)
    assert purse.stands == (0, 5_000, 0)
    assert mails("topup_received") == 1


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_a_process_that_dies_on_the_way_leaves_one_session(purse: Purse, point: str) -> None:
    arm({point: "raise"})
    with pytest.raises(FailpointRaised):
        purse.start(form_ref="form-0001")
    arm({})
    purse.run(early=True)
    wait_for_lease()
    purse.run(early=True)
    started = purse.start(form_ref="form-0001")
    assert started.url is not None
    assert len(purse.sandbox.client.v1.checkout.sessions.list().data) == 1
    purse.sandbox.pay(started.url)
    purse.deliver()
    assert purse.stands == (0, 5_000, 0)
    agreed()


@pytest.mark.parametrize(
    "fault", ["reset_before", "reset_after", "truncate", "error_429", "error_409", "error_500", "error_500_done"]
)
def test_a_fault_on_the_way_ends_in_one_session(purse: Purse, fault: str) -> None:
    purse.sandbox.fault(SESSIONS, fault)
    assert purse.start(form_ref="form-0001").url is None
    for _ in range(6):
        wait_for_lease()
        purse.run(early=True)
    started = purse.start(form_ref="form-0001")
    assert started.url is not None
    assert len(purse.sandbox.client.v1.checkout.sessions.list().data) == 1


def test_a_customer_that_is_gone_at_stripe_holds_nobody_up(purse: Purse, sandbox: StripeSandbox) -> None:
    purse.save()
    sandbox.reset()
    assert purse.start().url is not None


def test_another_amount_than_asked_for_waits_for_an_operator(purse: Purse) -> None:
    with transaction() as session:
        session.execute(text("UPDATE users SET is_admin = true WHERE id = :id"), {"id": purse.person.id})
    started = purse.start(5_000)
    _pay_by_intent(purse, started.ref, 4_000)
    purse.deliver()
    assert (stored(started.ref).status, purse.stands) == ("review", (0, 0, 0))
    assert mails("topup_review") == 1
    agreed(unmatched=4_000)


def test_a_second_payment_waits_for_an_operator(purse: Purse) -> None:
    ref = purse.top_up(5_000)
    first = stored(ref).payment_id
    _pay_by_intent(purse, ref, 5_000)
    purse.deliver()
    assert (stored(ref).payment_id, purse.stands) == (first, (0, 5_000, 0))
    agreed(unmatched=5_000)


def test_every_invariant_holds_after_a_top_up(purse: Purse) -> None:
    purse.top_up()
    purse.arrives()
    with transaction() as session:
        assert [result.id for result in checks.run(session) if not result.holds] == []


def _pay_by_intent(purse: Purse, ref: str, amount: int) -> None:
    purse.sandbox.client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "metadata": {"topup_ref": ref},
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )


def wait_for_lease() -> None:
    """Let the lease of a process that died be over, and the quiet time."""
    with transaction() as session:
        session.execute(
            text(
                "UPDATE stripe_calls SET lease_until = now() - interval '1 second',"
                " last_sent_at = last_sent_at - interval '1 minute' WHERE closed_at IS NULL"
            )
        )
