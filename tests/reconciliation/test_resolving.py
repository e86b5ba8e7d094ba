"""What was booked to `unmatched` is resolved by a person, once, and the books stay true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.reconciliation import service
from randonumber.reconciliation.resolving import NotUnmatched
from tests.reconciliation.shop import Shop, post, standing, txn_id

if TYPE_CHECKING:
    from flask import Flask


@pytest.mark.parametrize(("kind", "account"), [("sales", "sales"), ("bank", "bank"), ("fees", "stripe:fees")])
def test_what_was_unmatched_is_resolved(shop: Shop, kind: str, account: str) -> None:
    shop.charge(900)
    service.sync_mirror()
    before = standing(account)[0]
    service.resolve(txn_id(), kind, reason="a sale by telephone", actor="operator:ann")
    assert standing("unmatched", account) == (0, before + 900)
    report = service.reconcile()
    assert report.agrees
    assert (report.matched, report.unmatched) == (1, 0)
    with transaction() as session:
        fact = session.execute(text("SELECT actor, reason FROM transactions WHERE kind = 'resolve'")).one()
    assert tuple(fact) == ("operator:ann", "a sale by telephone")


def test_only_what_is_unmatched_is_resolved_and_once(shop: Shop) -> None:
    shop.charge(900)
    service.sync_mirror()
    service.resolve(txn_id(), "sales", reason="x", actor="operator:ann")
    for txn in (txn_id(), "txn_unknown"):
        with pytest.raises(NotUnmatched):
            service.resolve(txn, "bank", reason="x", actor="operator:ann")
    assert standing("unmatched", "sales", "bank") == (0, 900, 0)


def test_an_owner_that_comes_after_the_resolution_stays_in_flight(shop: Shop) -> None:
    charge_id = shop.charge(900)
    service.sync_mirror()
    service.resolve(txn_id(), "sales", reason="x", actor="operator:ann")
    post(charge_id, 900)
    report = service.reconcile()
    assert (report.difference, report.in_flight_minor) == (0, 900), "L05 tells of it after a day"


def test_two_operators_at_once_resolve_it_once(shop: Shop, committed: Flask) -> None:
    shop.charge(900)
    service.sync_mirror()

    def resolve(kind: str) -> bool:
        with committed.app_context():
            try:
                service.resolve(txn_id(), kind, reason="x", actor="operator:ann")
            except NotUnmatched:
                return False
            return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(resolve, ["sales", "other"])) == [False, True]
    assert standing("unmatched") == (0,)
    assert sum(standing("sales", "stripe:other")) == 900
