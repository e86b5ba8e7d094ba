"""A card that does not pay is tried three times, with pauses, and no bank is asked in a loop."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.credits import service
from randonumber.credits.models import Card, PurchaseStatus
from randonumber.credits.service import authenticating, cards, refresh_purchase
from randonumber.credits.service.closing import refresh_or_close
from randonumber.database import transaction
from tests.credits.conftest import FREE_CREDITS, Buyer, count
from tests.credits.saving import ASKS_ALWAYS, DECLINES_LATER, Saver, answer_bank, charges, intents
from tests.credits.topping import PRICE, QUANTITY, Owner, agrees

if TYPE_CHECKING:
    from datetime import datetime

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


@pytest.fixture
def owner(buyer: Buyer, sandbox: StripeSandbox, run_jobs: RunJobs) -> Owner:
    return Owner(saver=Saver(buyer=buyer, sandbox=sandbox), run_jobs=run_jobs)


def tried(owner: Owner) -> int:
    return len(charges(owner.saver.sandbox, paid=False))


def letters(template: str) -> int:
    return count("mail_messages", "template = :template", template=f"auto_topup_{template}")


def over(hours: int, owner: Owner, start: datetime) -> list[int]:
    """Let the worker look every half hour; return after how many minutes the card was tried once more."""
    at = []
    for minutes in range(0, hours * 60, 30):
        before = tried(owner)
        with clock.frozen(start + timedelta(minutes=minutes)):
            owner.round()
        at += [minutes] * (tried(owner) - before)
    return at


@pytest.mark.pain(23)
def test_a_dead_card_is_tried_three_times_a_day_and_then_no_more(owner: Owner) -> None:
    owner.saver.save(DECLINES_LATER)
    owner.turn_on()
    assert over(24, owner, clock.now()) == [0, 60, 420], "at once, an hour later, six hours after that"
    assert (owner.row.declines, owner.row.stop_reason) == (3, "declined")
    assert (letters("declined"), letters("stopped")) == (1, 1)
    assert {one.status for one in owner.purchases} == {PurchaseStatus.FAILED}
    owner.run_jobs(early=True)
    assert {one.status for one in intents(owner.saver.sandbox)} == {"canceled"}
    assert owner.credits == FREE_CREDITS
    assert agrees()


def test_a_payment_between_declines_begins_the_count_anew(owner: Owner) -> None:
    dead = owner.saver.save(DECLINES_LATER)
    owner.turn_on()
    now = clock.now()
    owner.round()
    good = owner.saver.save()
    make_default(owner, good)
    with clock.frozen(now + timedelta(hours=1, minutes=1)):
        owner.round()
    assert (owner.last.status, owner.last.card_id, owner.row.declines) == (PurchaseStatus.PAID, good.id, 0)
    make_default(owner, dead)
    with clock.frozen(now + timedelta(hours=2)):
        owner.turn_on(threshold=100)
        owner.round()
    assert (owner.row.declines, letters("declined")) == (1, 2)


def make_default(owner: Owner, card: Card) -> None:
    with transaction() as session:
        cards.make_default(session, owner.user_id, card.ref)


@pytest.mark.pain(23)
def test_the_bank_asks_once_and_nothing_else_is_tried_until_that_ends(
    owner: Owner, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.saver.save(ASKS_ALWAYS)
    owner.turn_on()
    now = clock.now()
    for hour in (0, 1, 2, 7, 23):
        with clock.frozen(now + timedelta(hours=hour)):
            owner.round()
            deliver_webhooks()
            refresh_purchase(owner.last.ref, actor="test")
    confirmed = [one for one in owner.saver.sandbox.exchanges if one.path.endswith("/confirm")]
    assert (len(owner.purchases), len(intents(owner.saver.sandbox)), len(confirmed)) == (1, 1, 1)
    assert (owner.row.declines, letters("needs_you"), letters("declined")) == (1, 1, 0)
    assert count("mail_messages", "template = 'confirm_payment'") == 0
    with clock.frozen(now + timedelta(hours=25)):
        assert refresh_or_close(owner.last.ref, actor="test") == PurchaseStatus.EXPIRED
        owner.round()
    assert (len(owner.purchases), owner.row.declines, letters("needs_you")) == (2, 2, 2)


def test_whoever_answers_the_bank_gets_the_credits_and_a_clean_slate(
    owner: Owner, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.saver.save(ASKS_ALWAYS)
    owner.turn_on()
    owner.round()
    question = authenticating.authenticate(owner.saver.person, owner.last.ref)
    assert question is not None
    answer_bank(owner.saver.sandbox, question)
    deliver_webhooks()
    owner.round()
    assert owner.credits == FREE_CREDITS + QUANTITY
    assert (owner.row.declines, owner.row.next_try_at, owner.row.purchase_ref) == (0, None, None)
    assert agrees()


@pytest.mark.pain(23)
def test_the_third_question_of_a_bank_stops_it_and_can_still_be_answered(
    owner: Owner, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.saver.save(ASKS_ALWAYS)
    owner.turn_on()
    now = clock.now()
    for day in range(3):
        with clock.frozen(now + timedelta(hours=25 * day)):
            if day:
                assert refresh_or_close(owner.last.ref, actor="test") == PurchaseStatus.EXPIRED
            owner.round()
    assert (len(owner.purchases), owner.row.stop_reason, letters("stopped")) == (3, "declined", 1)
    question = authenticating.authenticate(owner.saver.person, owner.last.ref)
    answer_bank(owner.saver.sandbox, question or "")
    deliver_webhooks()
    owner.round()
    assert owner.credits == FREE_CREDITS + QUANTITY
    assert (owner.row.purchase_ref, owner.row.stop_reason) == (None, "declined"), "only its owner ends a stop"


@pytest.mark.pain(23)
def test_a_bank_that_says_never_again_is_not_asked_again(owner: Owner) -> None:
    owner.saver.save(DECLINES_LATER)
    owner.turn_on()
    owner.look()
    owner.run_jobs(early=True)
    # The sandbox has no card that is saved and then stolen: the bank's word is put in its mouth.
    given = {"ref": owner.last.ref}
    with transaction() as session:
        session.execute(text("UPDATE auto_topups SET purchase_ref = :ref, declined_ref = NULL, declines = 0"), given)
        session.execute(text("UPDATE purchases SET failure = 'stolen_card' WHERE ref = :ref"), given)
    owner.look()
    assert (owner.row.stop_reason, owner.row.declines) == ("card_refused", 1)
    assert letters("stopped") == 1
    with clock.frozen(clock.now() + timedelta(days=2)):
        owner.round()
    assert len(owner.purchases) == 1


@pytest.mark.pain(23)
def test_a_stop_ends_only_when_its_owner_turns_it_on_again(owner: Owner) -> None:
    owner.saver.save(DECLINES_LATER)
    owner.turn_on()
    over(8, owner, clock.now())
    assert owner.row.stopped_at is not None
    make_default(owner, owner.saver.save())
    with clock.frozen(clock.now() + timedelta(days=1)):
        owner.round()
        assert len(owner.purchases) == 3
        owner.turn_on()
        owner.round()
    after = owner.row
    assert (owner.last.status, after.declines, after.stopped_at) == (PurchaseStatus.PAID, 0, None)


def test_saving_the_form_again_does_not_cut_a_pause_short(owner: Owner) -> None:
    owner.saver.save(DECLINES_LATER)
    owner.turn_on()
    owner.round()
    for _ in range(3):
        owner.turn_on(threshold=6)
        owner.round()
    assert tried(owner) == 1


def test_without_a_card_it_stops_and_says_so(owner: Owner) -> None:
    card = owner.saver.save()
    owner.turn_on()
    remove(owner, card)
    owner.round()
    owner.round()
    assert (owner.purchases, owner.row.stop_reason) == ([], "no_card")
    assert letters("stopped") == 1


def remove(owner: Owner, card: Card) -> None:
    with transaction() as session:
        cards.remove(session, owner.user_id, card.ref)


def test_a_card_that_is_removed_on_the_way_leaves_the_next_one_to_pay(owner: Owner) -> None:
    other, card = owner.saver.save("5555555555554444"), owner.saver.save()
    make_default(owner, card)
    owner.turn_on()
    owner.look()
    remove(owner, card)
    owner.round()
    owner.round()
    assert [(one.status, one.failure) for one in owner.purchases] == [
        (PurchaseStatus.FAILED, "card_removed"),
        (PurchaseStatus.PAID, None),
    ]
    assert (owner.last.card_id, owner.row.declines, letters("declined")) == (other.id, 0, 0)


def test_the_last_card_removed_on_the_way_stops_it(owner: Owner) -> None:
    card = owner.saver.save()
    owner.turn_on()
    owner.look()
    remove(owner, card)
    owner.round()
    assert (len(owner.purchases), owner.row.stop_reason) == (1, "no_card")
    assert charges(owner.saver.sandbox) == []


def test_a_card_detached_at_stripe_is_not_tried_for_ever(owner: Owner) -> None:
    card = owner.saver.save()
    owner.turn_on()
    owner.saver.sandbox.client.v1.payment_methods.detach(card.stripe_payment_method_id)
    now = clock.now()
    for hour in (0, 2, 9, 24):
        with clock.frozen(now + timedelta(hours=hour)):
            owner.round()
    assert len(owner.purchases) == 1
    assert owner.row.stop_reason == "no_card"


def test_a_customer_who_is_gone_at_stripe_stops_it(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on()
    owner.saver.sandbox.client.v1.customers.delete(owner.saver.customer())
    owner.round()
    owner.round()
    assert (owner.row.stop_reason, charges(owner.saver.sandbox)) == ("no_card", [])
    owner.saver.save()
    owner.turn_on()
    owner.round()
    assert owner.last.status == PurchaseStatus.PAID


def test_whoever_has_turned_it_off_hears_of_no_decline(owner: Owner) -> None:
    owner.saver.save(DECLINES_LATER)
    owner.turn_on()
    owner.look()
    owner.turn_off()
    owner.round()
    assert (owner.last.status, owner.row.purchase_ref) == (PurchaseStatus.FAILED, None)
    assert count("mail_messages", "template LIKE 'auto_topup%'") == 0


def test_a_payment_that_comes_after_all_counts_and_is_no_decline(
    owner: Owner, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.saver.save()
    owner.turn_on()
    owner.saver.sandbox.fault("POST /v1/payment_intents/{intent}/confirm", "reset_after")
    owner.look()
    owner.run_jobs()
    ref = owner.last.ref
    with transaction() as session:
        service.fail(session, ref, "card_declined")
    owner.look()
    assert owner.row.declines == 1
    deliver_webhooks()
    with clock.frozen(clock.now() + timedelta(hours=2)):
        owner.round()
    assert [one.status for one in owner.purchases] == [PurchaseStatus.PAID]
    assert len(charges(owner.saver.sandbox)) == 1


@pytest.mark.pain(23)
def test_a_limit_that_is_raised_after_a_decline_waits_for_the_bank_and_not_for_the_month(owner: Owner) -> None:
    owner.saver.save()
    now = clock.now()
    owner.turn_on(threshold=1_000, cap=2 * PRICE)
    owner.round()
    dead = owner.saver.save(DECLINES_LATER)
    with transaction() as session:
        cards.make_default(session, owner.user_id, dead.ref)
    with clock.frozen(now + timedelta(minutes=2)):
        owner.round()
        owner.turn_on(threshold=1_000, cap=2 * PRICE - 1)
    with clock.frozen(now + timedelta(hours=2)):
        owner.round()
        assert (owner.row.declines, letters("capped"), tried(owner)) == (1, 1, 1)
        owner.turn_on(threshold=1_000, cap=3 * PRICE)
        owner.round()
        assert tried(owner) == 1
    with clock.frozen(now + timedelta(hours=9)):
        owner.round()
        assert (owner.row.declines, tried(owner)) == (2, 2)
