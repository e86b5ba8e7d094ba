"""`reconcile` finds every difference, and none where there is none; `resolve` books what was unmatched."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import stripe_gateway
from randonumber.database import db, transaction
from randonumber.ledger import checks
from randonumber.reconciliation import jobs, mirroring, service
from randonumber.reconciliation.contact import UnsteadyBook, contact
from tests.reconciliation.shop import Shop, count, plant, standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from randonumber.reconciliation.contact import Contact
    from randonumber.stripe_gateway import Balance, BalanceTransaction
    from tests.stripe_fixtures import StripeSandbox


def broken() -> set[str]:
    with transaction() as session:
        return {result.id for result in checks.run(session) if not result.holds}


def test_an_untouched_account_agrees(shop: Shop) -> None:
    report = service.reconcile()
    assert report.agrees
    assert (report.stripe_minor, report.ledger_minor, report.matched) == (0, 0, 0)
    assert count("transactions") == 0, "an opening figure of nothing is no transaction"


def test_sales_and_strays_agree_to_the_cent(shop: Shop) -> None:
    shop.sell(900)
    shop.sell(7000)
    shop.charge(1234)
    report = service.reconcile()
    assert report.agrees
    assert (report.matched, report.unmatched, report.unmatched_minor) == (2, 1, 1234)
    assert report.stripe_minor == report.ledger_minor == report.mirror_minor == 900 - 56 + 7000 - 233 + 1234 - 66


def test_what_was_there_before_us_is_the_opening_figure(
    installed_later: None, shop: Shop, sandbox: StripeSandbox
) -> None:
    shop.charge(5000)
    sandbox.advance(60)
    shop.sell(900)
    report = service.reconcile()
    assert report.agrees
    assert (report.matched, report.unmatched) == (1, 0)
    assert standing("opening", "sales") == (5000 - 175, 900)
    with transaction() as session:
        fact = session.execute(text("SELECT kind, ref FROM transactions WHERE kind = 'opening'")).one()
    assert tuple(fact) == ("opening", report.account)


def test_the_opening_figure_is_taken_once(installed_later: None, shop: Shop, sandbox: StripeSandbox) -> None:
    shop.charge(5000)
    sandbox.advance(60)
    for _ in range(3):
        shop.charge(1000)
        assert service.reconcile().agrees
    assert standing("opening") == (5000 - 175,)


def test_a_first_contact_that_dies_before_its_commit_begins_anew(
    installed_later: None, shop: Shop, sandbox: StripeSandbox
) -> None:
    shop.charge(5000)
    sandbox.fault("GET /v1/balance", "reset_before", times=1)
    with pytest.raises(Exception, match="no answer"):
        service.sync_mirror()
    assert count("stripe_contacts") == 0
    assert service.reconcile().agrees


@pytest.mark.broken_books
def test_a_wrong_fee_is_found(shop: Shop) -> None:
    shop.sell(900)
    service.sync_mirror()
    plant("UPDATE balance_transactions SET fee = fee + 1, net = net - 1")
    assert broken() == {"A13", "A14"}
    report = service.reconcile()
    assert not report.agrees
    assert len(report.differing) == 1


@pytest.mark.broken_books
def test_a_wrong_posting_is_found(shop: Shop) -> None:
    shop.sell(900)
    service.sync_mirror()
    plant("UPDATE entries SET amount = 901 WHERE amount = 900")
    assert broken() >= {"A13"}
    assert service.reconcile().difference == -1


@pytest.mark.broken_books
def test_a_row_that_lost_its_posting_is_found(shop: Shop) -> None:
    shop.sell(900)
    service.sync_mirror()
    plant("UPDATE balance_transactions SET fee_id = claimed_id")
    assert broken() >= {"A13"}


@pytest.mark.broken_books
def test_a_row_that_is_missing_is_mirrored_again(shop: Shop) -> None:
    shop.sell(900)
    service.sync_mirror()
    plant("DELETE FROM balance_transactions")
    assert broken() == set(), "its postings are in flight until the next look"
    assert service.reconcile().agrees


@pytest.mark.broken_books
def test_an_opening_figure_without_its_posting_is_found(shop: Shop) -> None:
    service.sync_mirror()
    plant("UPDATE stripe_contacts SET opening = 5, transaction_id = 1")
    assert broken() == {"A14"}


def test_rows_that_stripe_no_longer_has_are_told(shop: Shop, sandbox: StripeSandbox) -> None:
    shop.sell(900)
    service.sync_mirror()
    sandbox.reset()
    report = service.reconcile()
    assert not report.agrees
    assert report.difference == -(900 - 56)
    assert len(report.differing) == 1


def test_a_posting_that_waits_for_a_day_is_told(shop: Shop) -> None:
    shop.sell(900)
    plant("UPDATE transactions SET created_at = now() - interval '25 hours'")
    assert "L05" in broken()
    service.sync_mirror()
    assert "L05" not in broken()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE balance_transactions SET net = net + 1, amount = amount + 1",
        "UPDATE balance_transactions SET claimed_id = NULL",
        "UPDATE balance_transactions SET resolution_id = claimed_id",
        "DELETE FROM balance_transactions",
        "TRUNCATE balance_transactions",
        "UPDATE stripe_contacts SET opening = 1",
        "DELETE FROM stripe_contacts",
        "TRUNCATE stripe_contacts CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_mirror(shop: Shop, statement: str) -> None:
    shop.sell(900)
    service.sync_mirror()
    with pytest.raises(Exception, match=r"append-only|_check"), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_the_jobs_put_it_off_while_stripe_is_away(
    shop: Shop, sandbox: StripeSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fault("GET /v1/account", "reset_before", times=2)
    with caplog.at_level(logging.WARNING):
        jobs.mirror()
        jobs.reconcile()
    assert [record.message for record in caplog.records if record.name == jobs.__name__] == [
        "mirror_put_off",
        "reconciliation_put_off",
    ]


@pytest.mark.broken_books
def test_the_nightly_job_raises_an_alarm(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.sell(900)
    service.sync_mirror()
    plant("UPDATE entries SET amount = 901 WHERE amount = 900")
    with caplog.at_level(logging.CRITICAL):
        jobs.reconcile()
    assert "reconciliation_difference" in caplog.text


def test_a_book_that_moves_under_the_reading_is_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sale between the rows and the balance: the comparison begins anew and agrees."""
    shop.sell(900)
    gateway = stripe_gateway.gateway()
    get_balance, sales = gateway.get_balance, iter([shop.sell, shop.sell])

    def busy() -> Balance:
        balance = get_balance()
        next(sales, lambda: None)()
        return balance

    monkeypatch.setattr(gateway, "get_balance", busy)
    report = service.reconcile()
    assert report.agrees
    assert report.matched == 3


def test_a_book_that_never_holds_still_is_left_for_later(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    service.sync_mirror()
    gateway = stripe_gateway.gateway()
    get_balance = gateway.get_balance

    def busy() -> Balance:
        shop.charge(50)
        return get_balance()

    monkeypatch.setattr(gateway, "get_balance", busy)
    with pytest.raises(UnsteadyBook):
        service.reconcile()


def test_a_mirror_that_runs_ahead_of_the_reading_is_no_difference(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another sync mirrors a sale after Stripe's book was read: the comparison reads it again."""
    service.sync_mirror()
    bring_level, sales = mirroring.bring_level, iter([shop.sell])

    def overtaken(known: Contact, rows: Sequence[BalanceTransaction]) -> int:
        level = bring_level(known, rows)
        next(sales, lambda: None)()
        return level + bring_level(known, stripe_gateway.gateway().list_balance_transactions(known.ours_from))

    monkeypatch.setattr(mirroring, "bring_level", overtaken)
    report = service._compare(contact(), contact().ours_from)
    assert report.agrees
    assert report.matched == 1


def test_two_first_contacts_at_once_post_one_opening(
    installed_later: None, shop: Shop, sandbox: StripeSandbox, committed: Flask
) -> None:
    shop.charge(5000)

    def meet(_: int) -> int:
        with committed.app_context():
            return contact().opening

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(meet, range(4))) == {5000 - 175}
    assert standing("opening") == (5000 - 175,)
    assert count("stripe_contacts") == 1
