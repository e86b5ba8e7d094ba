"""Whoever has allowed it and runs low gets credits, once, for no more than was allowed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock, jobs
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service.auto_topups import CapTooLow, NoCard
from randonumber.database import transaction
from randonumber.errors import RateLimited
from randonumber.failpoints import FailpointRaised, arm
from tests.credits.bank import Bank
from tests.credits.conftest import FREE_CREDITS, Buyer, count, stored
from tests.credits.saving import CONFIRM, INTENTS, Saver, charges, intents
from tests.credits.topping import PRICE, QUANTITY, Owner, agrees
from tests.credits.wallets import owe_credits, owe_money
from tests.drawing import give

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

LOST = ["reset_before", "reset_after", "error_500_done"]


@pytest.fixture
def owner(buyer: Buyer, sandbox: StripeSandbox, run_jobs: RunJobs) -> Owner:
    return Owner(saver=Saver(buyer=buyer, sandbox=sandbox), run_jobs=run_jobs)


def test_credits_are_bought_once_few_are_left(owner: Owner, deliver_webhooks: DeliverWebhooks) -> None:
    card = owner.saver.save()
    owner.turn_on()
    owner.round()
    purchase = owner.last
    assert (purchase.status, purchase.card_id, purchase.credits) == (PurchaseStatus.PAID, card.id, QUANTITY)
    assert owner.credits == FREE_CREDITS + QUANTITY
    assert count("mail_messages", "template = 'receipt'") == 1
    deliver_webhooks(copies=2)
    for _ in range(3):
        owner.round()
    assert len(owner.purchases) == len(charges(owner.saver.sandbox)) == 1
    assert (owner.row.purchase_ref, owner.row.declines, owner.row.next_try_at) == (None, 0, None)
    assert agrees()


@pytest.mark.pain(23)
def test_nothing_is_bought_without_consent(owner: Owner) -> None:
    owner.saver.save()
    owner.round()
    owner.turn_on()
    owner.turn_off()
    owner.round()
    assert owner.purchases == []


def test_nothing_is_bought_while_enough_is_left(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on(threshold=FREE_CREDITS)
    owner.round()
    assert owner.purchases == []
    owner.turn_on(threshold=FREE_CREDITS + 1)
    owner.round()
    assert len(owner.purchases) == 1


def test_credits_that_have_expired_are_not_left(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on()
    give(owner.saver.buyer.person, 10, expires_at=clock.now() + timedelta(hours=1))
    assert owner.look() == 0
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert owner.look() == 1
    owner.run_jobs(early=True)


@pytest.mark.pain(23)
def test_workers_at_once_buy_once(owner: Owner, committed: Flask) -> None:
    owner.saver.save()
    owner.turn_on()

    def look(_: int) -> int:
        with committed.app_context():
            return owner.look()

    with ThreadPoolExecutor(8) as threads:
        begun = sum(threads.map(look, range(8)))
    assert begun == 1
    owner.round()
    assert len(charges(owner.saver.sandbox)) == 1
    assert owner.credits == FREE_CREDITS + QUANTITY


@pytest.mark.pain(23)
def test_the_cap_holds_under_two_workers(owner: Owner, committed: Flask) -> None:
    owner.saver.save()
    owner.turn_on(threshold=1_000, cap=2 * PRICE + 899)

    def look(step: int) -> int:
        with committed.app_context(), clock.frozen(clock.now() + timedelta(minutes=2 * step)):
            return owner.look()

    for step in range(5):
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(look, [step] * 4))
        owner.run_jobs(early=True)
    assert [one.status for one in owner.purchases] == [PurchaseStatus.PAID] * 2
    assert len(charges(owner.saver.sandbox)) == 2
    assert count("mail_messages", "template = 'auto_topup_capped'") == 1


@pytest.mark.pain(23)
def test_the_cap_begins_anew_with_the_month_and_not_before(owner: Owner) -> None:
    owner.saver.save()
    now = clock.now()
    eve = datetime(now.year + 1, 1, 31, 23, 58, tzinfo=UTC)
    with clock.frozen(eve):
        owner.turn_on(threshold=1_000, cap=PRICE)
        owner.round()
        assert len(owner.purchases) == 1
    paid_at(owner, eve)
    with clock.frozen(eve + timedelta(minutes=1, seconds=59)):
        owner.round()
        assert len(owner.purchases) == 1
    with clock.frozen(eve + timedelta(minutes=2)):
        owner.round()
        assert len(owner.purchases) == 2


def paid_at(owner: Owner, moment: datetime) -> None:
    """Let Stripe's clock have been ours."""
    given = {"at": moment, "ref": owner.last.ref}
    with transaction() as session:
        session.execute(text("UPDATE purchases SET paid_at = :at WHERE ref = :ref"), given)


def test_what_is_paid_late_counts_in_the_month_in_which_it_is_paid(owner: Owner) -> None:
    owner.saver.save()
    eve = datetime(clock.now().year + 1, 1, 31, 23, 59, tzinfo=UTC)
    with clock.frozen(eve):
        owner.turn_on(threshold=1_000, cap=PRICE)
        owner.look()
    with clock.frozen(eve + timedelta(minutes=5)):
        owner.look()
        assert len(owner.purchases) == 1, "one at a time"
        owner.run_jobs(early=True)
    paid_at(owner, eve + timedelta(minutes=5))
    with clock.frozen(eve + timedelta(minutes=10)):
        owner.round()
        assert len(owner.purchases) == 1


def test_a_purchase_that_does_not_reach_the_threshold_is_followed_after_a_minute(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on(threshold=20)
    owner.round()
    owner.round()
    assert len(owner.purchases) == 1
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        owner.round()
    assert len(owner.purchases) == 2


@pytest.mark.parametrize("point", ["after_intent", "after_lease", "before_settle", "after_settle"])
@pytest.mark.parametrize("skipped", [0, 1])
def test_a_process_that_dies_on_the_way_leaves_one_purchase(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, point: str, skipped: int
) -> None:
    owner.saver.save()
    owner.turn_on()
    assert owner.look() == 1
    die_after(monkeypatch, skipped, point)
    owner.run_jobs(early=True, may_fail=True)
    arm({})
    for _ in range(3):
        owner.round()
    assert (len(owner.purchases), owner.last.status) == (1, PurchaseStatus.PAID)
    assert (len(intents(owner.saver.sandbox)), len(charges(owner.saver.sandbox))) == (1, 1)
    assert owner.credits == FREE_CREDITS + QUANTITY
    assert owner.row.purchase_ref is None
    assert agrees()


def die_after(monkeypatch: pytest.MonkeyPatch, passes: int, point: str) -> None:
    """Let the process die at a failpoint, once it has passed there so often; each further time it passes again."""
    from randonumber.calls import driver

    passed: list[str] = []

    def failpoint(name: str) -> None:
        if name == point:
            passed.append(name)
            if len(passed) == passes + 1:
                message = f"died {name}"
                raise FailpointRaised(message)

    monkeypatch.setattr(driver, "failpoint", failpoint)


def test_a_transaction_that_fails_leaves_nothing_begun(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    owner.saver.save()
    owner.turn_on()
    with monkeypatch.context() as broken:
        broken.setattr(jobs, "enqueue", lambda *_given, **_named: 1 // 0)
        assert owner.look() == 0
    assert (owner.purchases, owner.row.purchase_ref) == ([], None)
    owner.round()
    assert len(charges(owner.saver.sandbox)) == 1


@pytest.mark.parametrize("operation", [INTENTS, CONFIRM])
@pytest.mark.parametrize("fault", LOST)
def test_while_the_outcome_is_unknown_nothing_new_begins(owner: Owner, operation: str, fault: str) -> None:
    owner.saver.save()
    owner.turn_on()
    owner.saver.sandbox.fault(operation, fault)
    owner.look()
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert owner.look() == 0
    owner.run_jobs()
    assert owner.last.status == PurchaseStatus.PENDING
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert owner.look() == 0
    assert (len(owner.purchases), owner.row.declines) == (1, 0)
    for _ in range(20):
        if owner.last.status == PurchaseStatus.PAID:
            break
        owner.run_jobs(early=True, may_fail=True)
    owner.round()
    assert (len(owner.purchases), owner.last.status) == (1, PurchaseStatus.PAID)
    assert len(charges(owner.saver.sandbox)) == 1
    assert agrees()


@pytest.mark.parametrize("owe", [owe_credits, owe_money])
def test_nothing_is_bought_while_a_debt_stands(owner: Owner, owe: Callable[[Buyer, int], None]) -> None:
    owner.saver.save()
    owner.turn_on()
    owe(owner.saver.buyer, 1)
    owner.round()
    assert owner.purchases == []


def test_nothing_is_bought_for_a_disabled_account(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on()
    with transaction() as session:
        session.execute(text("UPDATE users SET active = false"))
    owner.round()
    assert owner.purchases == []


@pytest.mark.pain(23)
def test_an_automatic_purchase_that_the_bank_takes_back_stops_it(
    owner: Owner, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    owner.saver.save()
    owner.turn_on(threshold=1_000)
    owner.round()
    bank = Bank(sandbox=sandbox)
    dispute = bank.disputes(stored(owner.last.ref).payment_id or "")
    deliver_webhooks()
    with clock.frozen(clock.now() + timedelta(hours=1)):
        owner.round()
        assert (len(owner.purchases), owner.row.stopped_at) == (1, None)
        bank.decides(dispute, won=False)
        deliver_webhooks()
        owner.round()
    assert len(owner.purchases) == 1
    assert owner.row.stop_reason == "disputed"
    assert count("mail_messages", "template = 'auto_topup_stopped'") == 1


@pytest.mark.pain(23)
def test_turned_off_on_the_way_it_ends_what_is_under_way_and_begins_nothing(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on(threshold=1_000)
    owner.look()
    owner.turn_off()
    with clock.frozen(clock.now() + timedelta(hours=1)):
        owner.round()
        owner.round()
    assert [one.status for one in owner.purchases] == [PurchaseStatus.PAID]
    assert (owner.row.enabled, owner.row.purchase_ref) == (False, None)


def test_it_needs_a_card_and_room_for_one_purchase(owner: Owner) -> None:
    with pytest.raises(NoCard):
        owner.turn_on()
    owner.saver.save()
    with pytest.raises(CapTooLow, match=r"\$9\.00"):
        owner.turn_on(cap=PRICE - 1)
    owner.turn_on(cap=PRICE)


def test_the_largest_quantity_is_bought_whole(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on(quantity=10_000, cap=500_000)
    owner.round()
    assert owner.credits == FREE_CREDITS + 10_000


def test_turning_it_on_is_limited(owner: Owner) -> None:
    owner.saver.save()
    for _ in range(20):
        owner.turn_on()
    with pytest.raises(RateLimited):
        owner.turn_on()
    owner.turn_off()
    assert owner.row.enabled is False


def test_a_price_that_rose_above_the_cap_buys_nothing(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    from randonumber.credits.service.auto_topups import running

    owner.saver.save()
    owner.turn_on(cap=PRICE)
    monkeypatch.setattr(running, "price_minor", lambda _quantity: PRICE + 1)
    owner.round()
    assert owner.purchases == []


def test_a_form_of_that_name_holds_one_purchase_up_and_no_round(owner: Owner) -> None:
    owner.saver.save()
    owner.turn_on()
    owner.saver.buyer.start(1, form_ref="auto-00000001")
    assert owner.look() == 0
    owner.saver.buyer.start(1, form_ref="form-0002")
    owner.round()
    assert owner.last.status == PurchaseStatus.PAID
