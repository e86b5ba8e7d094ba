"""Topping up with a saved card: charged once, declined in words, or led to the bank on Stripe's page."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.errors import RateLimited
from randonumber.failpoints import FailpointRaised, arm
from tests.credits.saving import ASKS_ALWAYS, DECLINES_LATER, charges, live
from tests.wallet.conftest import Purse, agreed, mails, postings, stored
from tests.wallet.test_topups import SESSIONS, wait_for_lease

INTENTS = "POST /v1/payment_intents"


def test_a_saved_card_pays_at_once(purse: Purse) -> None:
    started = purse.start(card=purse.save())
    assert (started.status, started.url, purse.stands) == ("paid", None, (0, 5_000, 0))
    purse.deliver()
    assert postings("topup") == [("topup", started.ref)]
    assert mails("topup_received") == 1
    agreed()
    purse.arrives()
    assert purse.stands == (5_000, 0, 0)


def test_a_form_sent_twice_charges_the_card_once(purse: Purse) -> None:
    card = purse.save()
    first, second = (purse.start(form_ref="form-0001", card=card) for _ in range(2))
    assert first.ref == second.ref
    assert len(charges(purse.sandbox)) == 1
    assert purse.stands == (0, 5_000, 0)


def test_a_declined_card_charges_nothing(purse: Purse) -> None:
    started = purse.start(card=purse.save(DECLINES_LATER))
    assert (started.status, started.failure) == ("failed", "generic_decline")
    purse.deliver()
    assert (stored(started.ref).status, purse.stands) == ("failed", (0, 0, 0))
    agreed()


def test_a_bank_that_asks_is_answered_on_stripes_page_and_paid_once(purse: Purse) -> None:
    started = purse.start(card=purse.save(ASKS_ALWAYS))
    assert (started.status, started.failure) == ("pending", "authentication_required")
    assert started.url is not None
    purse.deliver()  # the failed try tells, too
    assert stored(started.ref).status == "pending"
    purse.sandbox.pay(started.url)
    purse.deliver()
    assert (stored(started.ref).status, purse.stands) == ("paid", (0, 5_000, 0))
    assert len(charges(purse.sandbox)) == 1
    agreed()


def test_the_same_form_with_another_amount_closes_the_session_that_the_bank_asked_for(purse: Purse) -> None:
    card = purse.save(ASKS_ALWAYS)
    first = purse.start(5_000, "form-0001", card)
    second = purse.start(6_000, "form-0001")
    assert (stored(first.ref).status, stored(second.ref).status) == ("expired", "pending")
    assert first.url is not None
    assert purse.sandbox.pay(first.url) is None


def test_cards_that_fail_are_counted_and_stop_the_trying(purse: Purse) -> None:
    card = purse.save(DECLINES_LATER)
    for _ in range(10):
        assert purse.start(card=card).status == "failed"
    with pytest.raises(RateLimited):
        purse.start(card=card)
    assert purse.start().url is not None  # Stripe's own page stays open


def test_a_card_that_is_gone_meanwhile_fails_in_words(purse: Purse) -> None:
    card = purse.save()
    with transaction() as session:
        session.execute(text("UPDATE cards SET removed_at = now(), is_default = false WHERE id = :id"), {"id": card.id})
    started = purse.start(card=card)
    assert (started.status, started.failure) == ("failed", "card_removed")


def test_a_card_that_was_detached_at_stripe_fails_in_words_and_is_not_offered_again(purse: Purse) -> None:
    card = purse.save()
    purse.sandbox.client.v1.payment_methods.detach(card.stripe_payment_method_id)
    started = purse.start(card=card)
    assert (started.status, started.failure) == ("failed", "card_removed")
    purse.run()
    assert live(purse.person.id) == []


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_a_process_that_dies_on_the_way_charges_once(purse: Purse, point: str) -> None:
    card = purse.save()
    arm({point: "raise"})
    with pytest.raises(FailpointRaised):
        purse.start(form_ref="form-0001", card=card)
    arm({})
    for _ in range(2):
        wait_for_lease()
        purse.run(early=True)
    purse.deliver()
    assert purse.start(form_ref="form-0001", card=card).status == "paid"
    assert (len(charges(purse.sandbox)), purse.stands) == (1, (0, 5_000, 0))
    agreed()


@pytest.mark.parametrize(
    "fault", ["reset_before", "reset_after", "truncate", "error_429", "error_409", "error_500", "error_500_done"]
)
def test_a_fault_on_the_way_charges_once(purse: Purse, fault: str) -> None:
    card = purse.save()
    purse.sandbox.fault(INTENTS, fault)
    started = purse.start(form_ref="form-0001", card=card)
    assert (started.status, purse.stands) == ("pending", (0, 0, 0))
    for _ in range(8):
        wait_for_lease()
        purse.run(early=True)
    purse.deliver()
    assert stored(started.ref).status == "paid"
    assert (len(charges(purse.sandbox)), purse.stands) == (1, (0, 5_000, 0))
    agreed()


def test_a_bank_that_asks_while_the_answer_is_lost_opens_one_session(purse: Purse) -> None:
    card = purse.save(ASKS_ALWAYS)
    purse.sandbox.fault(INTENTS, "reset_after")
    started = purse.start(form_ref="form-0001", card=card)
    assert started.url is None
    purse.deliver()
    for _ in range(3):
        wait_for_lease()
        purse.run(early=True)
    again = purse.start(form_ref="form-0001", card=card)
    assert again.url is not None
    assert len(purse.sandbox.sent(SESSIONS)) == 1
