"""Every balance transaction is mirrored and posted exactly once, whatever comes first, twice or at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.failpoints import FailpointRaised
from randonumber.reconciliation import booking, service
from randonumber.stripe_gateway import StripeNotFound, StripeUnavailable
from tests.reconciliation.shop import Shop, count, post, standing

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction
    from tests.stripe_fixtures import StripeSandbox

FEE = 56
"""Of 9.00: 2.9 % + 30 cents, rounded half up."""


def links() -> list[tuple[bool, ...]]:
    """For each row, claimed ones first: claimed, unmatched, resolved, fee posted."""
    query = """
        SELECT claimed_id IS NOT NULL, unmatched_id IS NOT NULL, resolution_id IS NOT NULL, fee_id IS NOT NULL
          FROM balance_transactions ORDER BY claimed_id IS NULL, id
    """
    with transaction() as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_a_sale_is_mirrored_with_its_fee(shop: Shop) -> None:
    shop.sell()
    assert service.sync_mirror() == 1
    assert links() == [(True, False, False, True)]
    assert standing("stripe:balance", "stripe:fees", "sales", "unmatched") == (-(900 - FEE), -FEE, 900, 0)


def test_a_second_sync_changes_nothing(shop: Shop) -> None:
    shop.sell()
    service.sync_mirror()
    before = (count("transactions"), count("balance_transactions"))
    assert service.sync_mirror() == 0
    assert (count("transactions"), count("balance_transactions")) == before


def test_a_sale_that_is_behind_is_posted_first(shop: Shop) -> None:
    shop.sell_late()
    service.sync_mirror()
    assert len(shop.asked) == 1
    assert links() == [(True, False, False, True)]
    assert standing("sales", "unmatched") == (900, 0)


def test_the_owner_of_a_posted_row_is_not_asked_again(shop: Shop) -> None:
    shop.sell()
    service.sync_mirror()
    assert shop.asked == []


def test_what_nobody_claims_is_unmatched_and_the_books_stay_true(shop: Shop) -> None:
    shop.charge(900)
    service.sync_mirror()
    assert links() == [(False, True, False, True)]
    assert standing("stripe:balance", "sales", "unmatched") == (-(900 - FEE), 0, 900)


def test_a_source_without_any_claim_is_unmatched_at_once(shop: Shop, committed: Flask) -> None:
    committed.extensions["balance_claims"].clear()
    shop.charge(900)
    service.sync_mirror()
    assert links() == [(False, True, False, True)]


def test_a_claim_of_another_amount_is_not_believed(shop: Shop) -> None:
    post(shop.charge(900), 901)
    service.sync_mirror()
    assert links() == [(False, True, False, True)]
    report = service.reconcile()
    assert (report.difference, report.unmatched_minor, report.in_flight_minor) == (0, 900, 901)


def test_one_posting_is_claimed_by_one_row(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sell(900)
    shop.charge(900)
    find = shop.find
    sold: list[int | None] = []

    def find_the_first(session: Session, txn: BalanceTransaction) -> int | None:
        sold.append(find(session, txn))
        return next(found for found in sold if found)

    monkeypatch.setattr(shop, "find", find_the_first)
    service.sync_mirror()
    assert links() == [(True, False, False, True), (False, True, False, True)]


def test_an_owner_that_turns_up_late_gets_its_row(shop: Shop) -> None:
    charge_id = shop.charge(900)
    service.sync_mirror()
    post(charge_id, 900)
    assert service.sync_mirror() == 1
    assert links() == [(True, True, True, True)]
    assert standing("stripe:balance", "sales", "unmatched") == (-(900 - FEE), 900, 0)
    assert service.sync_mirror() == 0


def test_a_posting_waits_in_flight_for_its_row(shop: Shop) -> None:
    post("ch_not_settled_yet", 900)
    assert service.sync_mirror() == 0
    report = service.reconcile()
    assert (report.difference, report.in_flight, report.in_flight_minor) == (0, 1, 900)


def test_two_syncs_at_once_book_every_row_once(shop: Shop, committed: Flask) -> None:
    for number in range(6):
        (shop.sell if number % 2 else shop.charge)(900 + number)

    def sync() -> int:
        with committed.app_context():
            return service.sync_mirror()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: sync(), range(4)))
    assert count("balance_transactions") == 6
    assert standing("unmatched") == (900 + 902 + 904,)
    assert service.reconcile().agrees


@pytest.mark.parametrize("lost", ["GET /v1/balance_transactions", "GET /v1/account", "GET /v1/balance"])
def test_stripe_going_away_leaves_nothing_half_done(shop: Shop, sandbox: StripeSandbox, lost: str) -> None:
    shop.sell()
    sandbox.fault(lost, "reset_before", times=1)
    with pytest.raises(StripeUnavailable):
        service.sync_mirror()
    assert count("balance_transactions") == 0
    service.sync_mirror()
    assert links() == [(True, False, False, True)]


def test_a_crash_while_a_row_is_booked_leaves_nothing_of_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sell()
    shop.charge(500)
    insert = booking._INSERT
    monkeypatch.setattr(booking, "_INSERT", text("SELECT 1 / 0"))
    with pytest.raises(Exception, match="division by zero"):
        service.sync_mirror()
    assert standing("stripe:fees", "unmatched") == (0, 0)
    monkeypatch.setattr(booking, "_INSERT", insert)
    service.sync_mirror()
    assert links() == [(True, False, False, True), (False, True, False, True)]


def test_a_crash_between_bringing_level_and_booking_is_made_good(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sell_late()
    bring_level = shop.bring_level

    def die(txn: object) -> None:
        bring_level(txn)  # type: ignore[arg-type]
        raise FailpointRaised

    monkeypatch.setattr(shop, "bring_level", die)
    with pytest.raises(FailpointRaised):
        service.sync_mirror()
    monkeypatch.undo()
    service.sync_mirror()
    assert links() == [(True, False, False, True)]
    assert standing("sales") == (900,)


def test_more_rows_than_a_page_are_all_read(shop: Shop) -> None:
    for _ in range(103):
        shop.charge(50)
    assert service.sync_mirror() == 103


def test_a_row_in_a_foreign_currency_stays_out_and_is_told(shop: Shop, sandbox: StripeSandbox) -> None:
    parameters = {
        "amount": 700,
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    sandbox.client.v1.payment_intents.create(parameters)  # type: ignore[arg-type]
    assert service.sync_mirror() == 0
    report = service.reconcile()
    assert report.difference == 0
    assert len(report.differing) == 1
    assert not report.agrees


def test_a_claim_that_stripe_refuses_holds_up_no_other_row(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sell_late(900)
    shop.sell_late(500)

    def refuse_once(_txn: object) -> None:
        monkeypatch.undo()
        reason = "no such intent"
        raise StripeNotFound(reason, status=404)

    monkeypatch.setattr(shop, "bring_level", refuse_once)
    assert service.sync_mirror() == 2
    assert links() == [(True, False, False, True), (False, True, False, True)]

    [(charge_id, amount)] = shop.behind.items()
    post(charge_id, amount)
    service.sync_mirror()
    assert sorted(links()) == [(True, False, False, True), (True, True, True, True)]
    assert standing("sales", "unmatched") == (1400, 0)
