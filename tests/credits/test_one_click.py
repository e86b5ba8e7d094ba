"""One press buys with a saved card; a bank that wants the owner is asked once more, and never pays twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from randonumber import clock
from randonumber.credits import jobs
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service import cards, refresh_purchase
from randonumber.credits.service.authenticating import CONFIRMATIONS_PER_HOUR, authenticate
from randonumber.database import transaction
from randonumber.errors import RateLimited
from randonumber.failpoints import FailpointRaised, arm
from randonumber.reconciliation.service import reconcile
from tests.credits.conftest import FREE_CREDITS, Buyer, count, stored
from tests.credits.saving import ASKS_ALWAYS, CONFIRM, DECLINES_LATER, Saver, answer_bank, charges, intents
from tests.people import csrf_token, make_user, sign_in, submit

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


@pytest.fixture
def saver(buyer: Buyer, sandbox: StripeSandbox) -> Saver:
    return Saver(buyer=buyer, sandbox=sandbox)


def press(client: FlaskClient, **fields: str) -> TestResponse:
    given = {"quantity": "10", "card": "", "form_ref": "form-0001"} | fields
    return submit(client, "/credits/one-click", "/credits", **given)


def ask(saver: Saver) -> str:
    """Begin a purchase about which the bank asks, and return it."""
    ref = saver.buy(saver.save(ASKS_ALWAYS)).ref
    assert stored(ref).failure == "authentication_required"
    return ref


def question(saver: Saver, ref: str) -> str:
    found = authenticate(saver.person, ref)
    assert found is not None
    return found


def test_a_press_pays_with_the_default_card(saver: Saver, client: FlaskClient) -> None:
    saver.save()
    sign_in(client, saver.buyer.person)
    answer = press(client)
    assert answer.status_code == 303
    assert answer.location.startswith("/credits/purchases/pur_")
    assert "the credits are in your account" in client.get(answer.location).text
    assert saver.buyer.credits == FREE_CREDITS + 10
    assert press(client).location == answer.location
    assert len(charges(saver.sandbox)) == 1


def test_a_press_pays_with_the_card_that_was_chosen(saver: Saver, client: FlaskClient) -> None:
    saver.save()
    other = saver.save("5555555555554444")
    sign_in(client, saver.buyer.person)
    ref = press(client, card=other.ref).location.rsplit("/", 1)[1]
    assert (stored(ref).card_last4, stored(ref).card_id) == ("4444", other.id)


def test_the_form_stands_on_the_page_only_with_a_card(saver: Saver, client: FlaskClient) -> None:
    sign_in(client, saver.buyer.person)
    assert "/credits/one-click" not in client.get("/credits").text
    saver.save()
    page = client.get("/credits").text
    assert "/credits/one-click" in page
    assert "Visa ending in 4242" in page


def test_a_declined_card_says_what_to_do_and_the_form_can_be_used_again(saver: Saver, client: FlaskClient) -> None:
    saver.save(DECLINES_LATER)
    good = saver.save()
    sign_in(client, saver.buyer.person)
    answer = press(client)
    assert answer.status_code == 422
    assert "Your bank declined this card." in answer.text
    assert 'value="form-0001"' not in answer.text
    again = press(client, card=good.ref)  # the old form, from the browser's back button, with another card
    assert again.status_code == 303
    assert saver.buyer.credits == FREE_CREDITS + 10


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1.5", "10001", "1e3", "NaN", "\uff19"])
def test_what_is_no_quantity_charges_nothing(saver: Saver, client: FlaskClient, quantity: str) -> None:
    saver.save()
    sign_in(client, saver.buyer.person)
    answer = press(client, quantity=quantity)
    assert answer.status_code == 422
    assert "Write a whole number" in answer.text
    assert count("purchases") == 0


@pytest.mark.parametrize("card", ["crd_0000000000000000000000000a", "x", "\x00", "'", "pm_card_visa"])
def test_a_card_that_is_not_there_charges_nothing(saver: Saver, client: FlaskClient, card: str) -> None:
    saver.save()
    sign_in(client, saver.buyer.person)
    answer = press(client, card=card)
    assert answer.status_code == 422
    assert "This card is not saved any more." in answer.text
    assert count("purchases") == 0


def test_a_strangers_card_is_not_there(saver: Saver, client: FlaskClient) -> None:
    card = saver.save()
    sign_in(client, make_user())
    assert press(client, card=card.ref).status_code == 422
    assert press(client).status_code == 422
    assert count("purchases") == 0


def test_a_removed_or_expired_card_is_told_of_before_anything_is_asked(saver: Saver, client: FlaskClient) -> None:
    removed, expired = saver.save(), saver.save("5555555555554444")
    with transaction() as session:
        cards.remove(session, saver.person.user_id, removed.ref)
    with transaction() as session:
        session.get_one(type(expired), expired.id).exp_year = 2020
    sign_in(client, saver.buyer.person)
    assert "This card is not saved any more." in press(client, card=removed.ref).text
    assert "This card has expired." in press(client, card=expired.ref).text
    assert count("purchases") == 0


def test_without_the_token_nothing_is_charged(saver: Saver, client: FlaskClient) -> None:
    saver.save()
    sign_in(client, saver.buyer.person)
    assert client.post("/credits/one-click", data={"quantity": "10", "form_ref": "form-0001"}).status_code == 400
    assert count("purchases") == 0


def test_the_purchases_page_leads_to_the_bank_and_the_answer_pays_once(
    saver: Saver, client: FlaskClient, deliver_webhooks: DeliverWebhooks
) -> None:
    saver.save(ASKS_ALWAYS)
    sign_in(client, saver.buyer.person)
    page = press(client).location
    shown = client.get(page).text
    assert "Your bank wants to hear from you" in shown
    assert f'action="{page}/confirm"' in shown
    led = submit(client, f"{page}/confirm", page)
    assert led.status_code == 303
    assert urlsplit(led.location).path.startswith("/challenge/pi_")
    back = urlsplit(answer_bank(saver.sandbox, led.location))
    assert back.path == page
    assert "the credits are in your account" in client.get(f"{page}?{back.query}", follow_redirects=True).text
    deliver_webhooks(copies=2)
    assert submit(client, f"{page}/confirm", "/credits").location == page
    assert (len(intents(saver.sandbox)), len(charges(saver.sandbox))) == (1, 1)
    assert saver.buyer.credits == FREE_CREDITS + 10
    assert reconcile().agrees


def test_a_failed_answer_charges_nothing_and_may_be_given_again(
    saver: Saver, client: FlaskClient, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = ask(saver)
    answer_bank(saver.sandbox, question(saver, ref), "fail")
    deliver_webhooks()
    sign_in(client, saver.buyer.person)
    assert "could not confirm that it was you" in client.get(f"/credits/purchases/{ref}").text
    assert (stored(ref).status, saver.buyer.credits) == (PurchaseStatus.PENDING, FREE_CREDITS)
    answer_bank(saver.sandbox, question(saver, ref))
    assert refresh_purchase(ref, actor="test") == PurchaseStatus.PAID
    assert len(charges(saver.sandbox)) == 1
    assert count("mail_messages", "template = 'confirm_payment'") == 1


def test_an_answer_that_only_an_event_tells_pays(saver: Saver, deliver_webhooks: DeliverWebhooks) -> None:
    ref = ask(saver)
    answer_bank(saver.sandbox, question(saver, ref))
    deliver_webhooks()
    assert stored(ref).status == PurchaseStatus.PAID


def test_ten_presses_for_the_bank_ask_one_question_and_pay_once(
    saver: Saver, committed: Flask, run_jobs: RunJobs, deliver_webhooks: DeliverWebhooks
) -> None:
    ref = ask(saver)

    def go(_: int) -> str | None:
        with committed.app_context():
            return authenticate(saver.person, ref)

    with ThreadPoolExecutor(10) as threads:
        led = {one for one in threads.map(go, range(10)) if one}
    assert len(led) == 1
    answer_bank(saver.sandbox, led.pop())
    run_jobs(early=True)
    deliver_webhooks()
    assert len(charges(saver.sandbox)) == 1
    assert saver.buyer.credits == FREE_CREDITS + 10


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500", "error_500_done", "error_429"])
def test_a_lost_answer_on_the_way_to_the_bank_costs_no_second_charge(
    saver: Saver, run_jobs: RunJobs, fault: str
) -> None:
    ref = ask(saver)
    saver.sandbox.fault(CONFIRM, fault)
    led = authenticate(saver.person, ref)
    for _ in range(20):
        if led:
            break
        run_jobs(early=True, may_fail=True)
        led = authenticate(saver.person, ref) if not count("stripe_calls", "closed_at IS NULL") else None
    assert led
    answer_bank(saver.sandbox, led)
    run_jobs(early=True)
    assert refresh_purchase(ref, actor="test") == PurchaseStatus.PAID
    assert len(charges(saver.sandbox)) == 1


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
def test_a_process_that_dies_on_the_way_to_the_bank_leaves_a_way(saver: Saver, run_jobs: RunJobs, point: str) -> None:
    ref = ask(saver)
    arm({point: "raise"})
    with pytest.raises(FailpointRaised):
        authenticate(saver.person, ref)
    arm({})
    run_jobs(early=True)
    answer_bank(saver.sandbox, question(saver, ref))
    assert refresh_purchase(ref, actor="test") == PurchaseStatus.PAID
    assert len(charges(saver.sandbox)) == 1


def test_a_card_that_is_removed_meanwhile_ends_the_purchase(saver: Saver, run_jobs: RunJobs) -> None:
    card = saver.save(ASKS_ALWAYS)
    ref = saver.buy(card).ref
    with transaction() as session:
        cards.remove(session, saver.person.user_id, card.ref)
    assert authenticate(saver.person, ref) is None
    assert (stored(ref).status, stored(ref).failure) == (PurchaseStatus.FAILED, "card_removed")
    run_jobs(early=True)
    assert [one.status for one in intents(saver.sandbox)] == ["canceled"]


def test_a_bank_that_declines_after_the_answer_ends_the_purchase(
    saver: Saver, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs
) -> None:
    ref = ask(saver)
    intent = stored(ref).payment_intent_id
    assert intent is not None
    question(saver, ref)
    declined = saver.sandbox.client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_chargeDeclined"}})
    with pytest.raises(Exception, match="declined"):
        saver.sandbox.client.v1.payment_intents.confirm(intent, {"payment_method": declined.id})
    deliver_webhooks()
    run_jobs(early=True)
    assert stored(ref).status == PurchaseStatus.FAILED
    assert [one.status for one in intents(saver.sandbox)] == ["canceled"]


def test_nobody_is_led_to_a_bank_about_what_needs_no_answer(saver: Saver) -> None:
    paid = saver.buy(saver.save()).ref
    on_hosted_page = saver.buyer.start(form_ref="form-0002").ref
    before = [len(charges(saver.sandbox)), len(intents(saver.sandbox))]
    assert authenticate(saver.person, paid) is None
    assert authenticate(saver.person, on_hosted_page) is None
    assert [len(charges(saver.sandbox)), len(intents(saver.sandbox))] == before


def test_a_strangers_purchase_is_not_there(saver: Saver, client: FlaskClient) -> None:
    ref = ask(saver)
    sign_in(client, make_user())
    token = csrf_token(client, "/credits")
    answer = client.post(f"/credits/purchases/{ref}/confirm", data={"csrf_token": token})
    assert answer.status_code == 404
    assert stored(ref).intent_status != "requires_action"


def test_while_stripe_is_silent_the_page_stays_and_says_so(saver: Saver, client: FlaskClient) -> None:
    ref = ask(saver)
    sign_in(client, saver.buyer.person)
    saver.sandbox.fault("GET /v1/payment_intents/{intent}", "reset_before", times=20)
    page = f"/credits/purchases/{ref}"
    answer = submit(client, f"{page}/confirm", "/account/cards")
    assert (answer.status_code, answer.location) == (303, page)
    assert "Stripe does not answer at the moment." in client.get(page).text


@pytest.mark.pain(25)
def test_questions_to_the_bank_are_limited(saver: Saver) -> None:
    ref = ask(saver)
    for _ in range(CONFIRMATIONS_PER_HOUR):
        question(saver, ref)
    with pytest.raises(RateLimited):
        question(saver, ref)


def test_another_order_on_the_form_ends_the_one_that_waits_for_the_bank(saver: Saver, run_jobs: RunJobs) -> None:
    waiting, good = saver.save(ASKS_ALWAYS), saver.save()
    first = saver.buy(waiting)
    second = saver.buy(good)
    assert (second.status, stored(first.ref).status) == (PurchaseStatus.PAID, PurchaseStatus.EXPIRED)
    assert authenticate(saver.person, first.ref) is None
    run_jobs(early=True)
    assert len(charges(saver.sandbox)) == 1


def test_a_question_that_nobody_answers_ends_after_a_day(saver: Saver, run_jobs: RunJobs) -> None:
    ref = ask(saver)
    question(saver, ref)
    with clock.frozen(clock.now() + timedelta(hours=23)):
        jobs.sweep_all()
        assert stored(ref).status == PurchaseStatus.PENDING
    with clock.frozen(clock.now() + timedelta(hours=25)):
        jobs.sweep_all()
    assert stored(ref).status == PurchaseStatus.EXPIRED
    assert [one.status for one in intents(saver.sandbox)] == ["canceled"]
    assert authenticate(saver.person, ref) is None
