"""The cards shown are those that Stripe has, whatever order the news comes in, and a removed card never comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import clock
from randonumber.credits import service
from randonumber.credits.card_wording import Expiry, expiry_of, name_of, why_not_paid
from randonumber.credits.models import Card, Purchase, PurchaseMethod, PurchaseStatus
from randonumber.credits.service import Order, cards
from randonumber.database import transaction
from randonumber.errors import NotFound
from tests.credits.conftest import Buyer, count, stored
from tests.credits.saving import ASKS_ALWAYS, Saver, card_of, live
from tests.people import make_user, sign_in, submit

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

DETACH = "POST /v1/payment_methods/{payment_method}/detach"
MASTERCARD = "5555555555554444"


@pytest.fixture
def saver(buyer: Buyer, sandbox: StripeSandbox) -> Saver:
    return Saver(buyer=buyer, sandbox=sandbox)


def shown(saver: Saver) -> list[tuple[str, bool]]:
    return [(card.last4, card.is_default) for card in live(saver.person.user_id)]


def attached(saver: Saver) -> list[str]:
    found = saver.sandbox.client.v1.customers.payment_methods.list(saver.customer()).data
    return [one.id for one in found]


def remove(saver: Saver, card: Card) -> None:
    with transaction() as session:
        cards.remove(session, saver.person.user_id, card.ref)


def test_a_card_that_is_attached_at_stripe_appears_and_the_first_is_the_default(
    saver: Saver, deliver_webhooks: DeliverWebhooks
) -> None:
    saver.attach()
    deliver_webhooks(copies=2)
    assert shown(saver) == [("4242", True)]
    saver.attach(MASTERCARD)
    deliver_webhooks(shuffle=1)
    assert shown(saver) == [("4242", True), ("4444", False)]


def test_a_card_that_is_detached_at_stripe_disappears_and_another_takes_its_place(
    saver: Saver, deliver_webhooks: DeliverWebhooks
) -> None:
    first = saver.attach()
    saver.attach(MASTERCARD)
    deliver_webhooks()
    saver.sandbox.client.v1.payment_methods.detach(first)
    deliver_webhooks()
    assert shown(saver) == [("4444", True)]


def test_a_new_expiry_date_is_taken_over(saver: Saver, deliver_webhooks: DeliverWebhooks) -> None:
    card = saver.save(exp_year=2030)
    change: Any = {"card": {"exp_month": 7, "exp_year": 2039}}
    saver.sandbox.client.v1.payment_methods.update(card.stripe_payment_method_id, change)
    deliver_webhooks()
    changed = card_of(card.stripe_payment_method_id)
    assert (changed.exp_month, changed.exp_year) == (7, 2039)


def test_the_same_number_twice_is_one_card_and_the_newest_stays(
    saver: Saver, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    first, second = saver.attach(), saver.attach()
    saver.attach(MASTERCARD)
    deliver_webhooks()
    run_jobs(early=True)
    assert sorted(last4 for last4, _ in shown(saver)) == ["4242", "4444"]
    assert first not in attached(saver)
    assert second in attached(saver)


def test_a_double_hands_over_its_place_and_what_it_was_to_pay(saver: Saver, run_jobs: RunJobs) -> None:
    old = saver.save(ASKS_ALWAYS)
    waiting = saver.buy(old)
    new = saver.save(ASKS_ALWAYS)
    assert [card.ref for card in live(saver.person.user_id)] == [new.ref]
    assert card_of(new.stripe_payment_method_id).is_default
    assert stored(waiting.ref).card_id == new.id
    run_jobs(early=True)


def test_a_purchase_that_was_to_save_its_card_brings_it_though_no_event_comes(saver: Saver, run_jobs: RunJobs) -> None:
    order = Order(quantity=10, form_ref="form-0001", method=PurchaseMethod.CUSTOM, saves_card=True)
    started = service.start_purchase(saver.person, order, network="10.0.0.0/24")
    assert started.payment_intent_id is not None
    paying: Any = {"payment_method": "pm_card_visa", "return_url": "http://127.0.0.1:5000/"}
    saver.sandbox.client.v1.payment_intents.confirm(started.payment_intent_id, paying)
    assert service.refresh_purchase(started.ref, actor="test") == PurchaseStatus.PAID
    run_jobs()
    assert shown(saver) == [("4242", True)]


def test_an_older_list_that_comes_late_removes_nothing_and_brings_nothing_back(saver: Saver, run_jobs: RunJobs) -> None:
    gone = saver.save()
    older = cards.look(saver.person.user_id)
    assert older is not None
    kept = saver.save(MASTERCARD)
    remove(saver, gone)
    run_jobs(early=True)
    with transaction() as session:
        cards.keep(session, older)
    assert [card.ref for card in live(saver.person.user_id)] == [kept.ref]


def test_a_card_that_an_older_list_did_not_have_comes_back_with_a_newer_one(saver: Saver) -> None:
    card = saver.save()
    listed = cards.look(saver.person.user_id)
    assert listed is not None
    without = cards.Seen(
        user_id=listed.user_id,
        stripe_customer_id=listed.stripe_customer_id,
        cards=(),
        asked_at=clock.now() + timedelta(milliseconds=1),
    )
    with transaction() as session:
        cards.keep(session, without)
    assert live(saver.person.user_id) == []
    cards.level(saver.person.user_id)
    assert [one.ref for one in live(saver.person.user_id)] == [card.ref]


def test_a_list_of_a_customer_that_was_replaced_meanwhile_is_not_believed(saver: Saver) -> None:
    saver.attach()
    seen = cards.look(saver.person.user_id)
    assert seen is not None
    with transaction() as session:
        cards.forget_customer(session, seen.stripe_customer_id)
    with transaction() as session:
        cards.keep(session, seen)
    assert live(saver.person.user_id) == []


def test_a_removed_card_is_gone_at_once_and_at_stripe_soon(saver: Saver, run_jobs: RunJobs) -> None:
    card = saver.save()
    for _ in range(2):
        remove(saver, card)
    assert shown(saver) == []
    run_jobs(early=True)
    assert attached(saver) == []
    assert count("stripe_calls", "operation = 'payment_method.detach'") == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500", "error_500_done", "error_429"])
def test_a_removal_ends_whatever_stripe_answers(saver: Saver, run_jobs: RunJobs, fault: str) -> None:
    card = saver.save()
    saver.sandbox.fault(DETACH, fault)
    remove(saver, card)
    for _ in range(12):
        run_jobs(early=True)
        if not count("stripe_calls", "closed_at IS NULL"):
            break
    assert attached(saver) == []
    assert count("stripe_calls", "closed_at IS NULL") == 0


def test_a_card_that_stripe_has_detached_already_counts_as_removed(saver: Saver, run_jobs: RunJobs) -> None:
    card = saver.save()
    saver.sandbox.client.v1.payment_methods.detach(card.stripe_payment_method_id)
    remove(saver, card)
    run_jobs(early=True)
    assert count("stripe_calls", "operation = 'payment_method.detach' AND status = 'refused'") == 1
    assert shown(saver) == []


def test_a_deleted_customer_takes_the_cards_along(saver: Saver, deliver_webhooks: DeliverWebhooks) -> None:
    saver.save()
    saver.sandbox.client.v1.customers.delete(saver.customer())
    deliver_webhooks()
    assert shown(saver) == []
    assert saver.buy(saver.save(), form_ref="form-0009").status == PurchaseStatus.PAID


def test_a_stranger_changes_no_card(saver: Saver) -> None:
    card, stranger = saver.save(), make_user()
    for change in (cards.remove, cards.make_default):
        with pytest.raises(NotFound), transaction() as session:
            change(session, stranger.id, card.ref)
    assert shown(saver) == [("4242", True)]


def test_a_removed_card_cannot_become_the_default(saver: Saver) -> None:
    card = saver.save()
    remove(saver, card)
    with pytest.raises(NotFound), transaction() as session:
        cards.make_default(session, saver.person.user_id, card.ref)


def test_the_page_shows_the_cards_and_moves_the_default(saver: Saver, client: FlaskClient) -> None:
    saver.save()
    other = saver.save(MASTERCARD, exp_year=2029)
    sign_in(client, saver.buyer.person)
    page = client.get("/account/cards")
    assert "Visa ending in 4242" in page.text
    assert "Mastercard ending in 4444" in page.text
    assert "12/2029" in page.text
    moved = submit(client, f"/account/cards/{other.ref}/default", "/account/cards")
    assert moved.status_code == 303
    assert shown(saver) == [("4242", False), ("4444", True)]
    removed = submit(client, f"/account/cards/{other.ref}/delete", "/account/cards")
    assert removed.status_code == 303
    assert shown(saver) == [("4242", True)]


def test_the_page_waits_for_nobody(saver: Saver, client: FlaskClient) -> None:
    saver.save()
    sign_in(client, saver.buyer.person)
    before = len(saver.sandbox.exchanges)
    assert client.get("/account/cards").status_code == 200
    assert len(saver.sandbox.exchanges) == before


@pytest.mark.parametrize("action", ["default", "delete"])
def test_a_strangers_card_is_not_there(saver: Saver, client: FlaskClient, action: str) -> None:
    card = saver.save()
    sign_in(client, make_user())
    assert submit(client, f"/account/cards/{card.ref}/{action}", "/account/cards").status_code == 404
    assert submit(client, f"/account/cards/%00/{action}", "/account/cards").status_code == 404
    assert shown(saver) == [("4242", True)]


def test_a_card_pays_to_the_end_of_its_month() -> None:
    card = Card(brand="american_express", last4="0005", exp_month=5, exp_year=2030)
    assert name_of(card) == "American Express ending in 0005"
    found = [
        expiry_of(card, datetime(2030, month, day, tzinfo=UTC)) for month, day in [(3, 31), (4, 1), (5, 31), (6, 1)]
    ]
    assert found == [Expiry.VALID, Expiry.SOON, Expiry.SOON, Expiry.EXPIRED]


@pytest.mark.parametrize("suspicion", ["lost_card", "stolen_card", "fraudulent", "pickup_card", "do_not_honor", None])
def test_what_a_bank_suspects_is_not_told_to_who_holds_the_card(suspicion: str | None) -> None:
    assert why_not_paid(Purchase(failure=suspicion)) == why_not_paid(Purchase(failure="generic_decline"))


@pytest.mark.parametrize("reason", ["insufficient_funds", "expired_card", "card_removed", "authentication_required"])
def test_what_the_owner_can_mend_is_told(reason: str) -> None:
    assert why_not_paid(Purchase(failure=reason)) != why_not_paid(Purchase(failure="generic_decline"))
