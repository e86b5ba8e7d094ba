"""What others do with the same Stripe account is found, named and booked: never a crash, never a guess."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.ledger import checks
from randonumber.reconciliation import service
from randonumber.reconciliation.commands import stripe_commands
from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.funds import payouts
from randonumber.sandbox.scope import unit
from randonumber.stripe_gateway import gateway
from tests.people import make_user
from tests.reconciliation.shop import Shop, plant, standing, txn_id
from tests.reconciliation.strangers import Strangers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox


@pytest.fixture
def strangers(sandbox: StripeSandbox) -> Strangers:
    return Strangers(sandbox=sandbox)


def broken() -> dict[str, str]:
    """The invariants that do not hold, each with what it shows of them."""
    with transaction() as session:
        return {result.id: json.dumps(result.samples) for result in checks.run(session) if not result.holds}


def row_of(source: str) -> str:
    with transaction() as session:
        query = text("SELECT id FROM balance_transactions WHERE source_id = :source")
        return str(session.execute(query, {"source": source}).scalar_one())


@pytest.mark.broken_books
def test_a_stray_transfer_is_named_and_breaks_an_invariant(committed: Flask, shop: Shop, strangers: Strangers) -> None:
    strangers.funds(100_00)
    transfer = strangers.sends(20_00)
    report = service.reconcile()
    assert report.agrees
    txn = row_of(transfer)
    assert (txn, "transfer", transfer, -20_00) in [
        (row.id, row.type, row.source_id, row.amount_minor) for row in report.unmatched_rows
    ]
    assert txn in committed.test_cli_runner().invoke(stripe_commands, ["reconcile"]).output
    assert transfer in broken()["A11"]
    service.resolve(txn, "other", reason="rent, paid by hand", actor="operator:ann")
    assert "A11" not in broken()
    assert standing("stripe:other") == (-20_00,)


def test_a_stray_charge_is_named_and_after_a_day_told(committed: Flask, shop: Shop) -> None:
    charge = shop.charge(900)
    report = service.reconcile()
    assert [(row.source_id, row.amount_minor) for row in report.unmatched_rows] == [(charge, 900)]
    output = committed.test_cli_runner().invoke(stripe_commands, ["reconcile"]).output
    assert charge in output
    assert row_of(charge) in output
    assert "L09" not in broken()
    plant("UPDATE balance_transactions SET mirrored_at = now() - interval '25 hours'")
    assert charge in broken()["L09"]


def test_a_wrong_fee_of_a_row_that_is_mirrored_is_named(shop: Shop, strangers: Strangers) -> None:
    shop.sell(900)
    assert service.reconcile().agrees
    strangers.changes(txn_id(), fee=57, net=843)
    report = service.reconcile()
    assert (report.difference, report.differing, report.agrees) == (-1, [txn_id()], False)


def test_a_row_that_does_not_add_up_is_named_and_holds_up_no_other(shop: Shop, strangers: Strangers) -> None:
    strangers.books("adjustment", -500)
    wrong = strangers.books("adjustment", -300)
    strangers.changes(wrong, net=-299)
    shop.sell(900)
    report = service.reconcile()
    assert (report.difference, report.differing, report.agrees) == (-299, [wrong], False)
    assert (report.matched, report.unmatched) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "amount", "account"),
    [
        ("topup", 5000, "bank"),
        ("topup_reversal", -5000, "bank"),
        ("stripe_fee", -120, "stripe:fees"),
        ("stripe_fee", 120, "stripe:fees"),
        ("tax_fee", -3, "stripe:fees"),
        ("application_fee", 300, "unmatched"),
        ("application_fee_refund", -300, "unmatched"),
        ("advance", 10_000, "unmatched"),
        ("advance_funding", -10_000, "unmatched"),
        ("contribution", -25, "unmatched"),
        ("climate_order_purchase", -25, "unmatched"),
        ("adjustment", -40, "unmatched"),
        ("adjustment", 40, "unmatched"),
        ("reserved_funds", -900, "unmatched"),
        ("payout_minimum_balance_hold", -900, "unmatched"),
    ],
)
def test_every_type_of_row_ends_booked(shop: Shop, strangers: Strangers, kind: str, amount: int, account: str) -> None:
    strangers.books(kind, amount)
    report = service.reconcile()
    assert report.agrees
    assert standing(account) == (amount,)
    assert report.unmatched == (account == "unmatched")


def test_a_cost_with_a_fee_of_its_own_is_booked_whole(shop: Shop, strangers: Strangers) -> None:
    strangers.books("stripe_fee", -120, fee=10)
    assert service.reconcile().agrees
    assert standing("stripe:fees") == (-130,)


def test_payouts_of_the_platform_are_booked_whatever_becomes_of_them(
    shop: Shop, strangers: Strangers, sandbox: StripeSandbox
) -> None:
    charge = strangers.funds(500_00)
    paid, failed, cancelled = (
        strangers.v1.payouts.create({"amount": amount, "currency": "usd"}).id for amount in (100_00, 50_00, 25_00)
    )
    assert service.reconcile().agrees
    assert standing("bank") == (-175_00,)
    strangers.v1.payouts.cancel(cancelled)
    with unit(inprocess.sandbox_of(sandbox.app), strangers.platform) as scope:
        payouts.fail(scope, failed)
    sandbox.advance(7 * 86400)
    report = service.reconcile()
    assert report.agrees
    assert strangers.v1.payouts.retrieve(paid).status == "paid"
    assert standing("bank") == (-100_00,)
    assert [row.source_id for row in report.unmatched_rows] == [charge]


def test_a_payment_that_was_meant_for_a_wallet_is_put_there(committed: Flask, shop: Shop) -> None:
    person = make_user()
    shop.charge(900)
    service.sync_mirror()
    words = ["resolve", txn_id(), "--as", "wallet", "--user", person.email, "--reason", "paid by link"]
    result = committed.test_cli_runner().invoke(stripe_commands, words)
    assert result.exit_code == 0, result.output
    assert standing("unmatched", f"user:{person.id}:wallet") == (0, 900)
    assert service.reconcile().unmatched == 0


@pytest.mark.broken_books
def test_a_transfer_is_taken_out_of_a_wallet_and_what_is_missing_is_owed(
    committed: Flask, shop: Shop, strangers: Strangers
) -> None:
    person = make_user()
    wallet, debt = f"user:{person.id}:wallet", f"user:{person.id}:debt"
    charges = [strangers.funds(amount) for amount in (100_00, 15_00, 30_00)]
    transfer = strangers.sends(20_00)
    service.sync_mirror()

    def resolve(source: str) -> None:
        words = ["resolve", row_of(source), "--as", "wallet", "--user", person.ref, "--reason", "before the restore"]
        result = committed.test_cli_runner().invoke(stripe_commands, words)
        assert result.exit_code == 0, result.output

    resolve(charges[1])
    resolve(transfer)
    assert standing(wallet, debt) == (0, -5_00)
    resolve(charges[2])
    assert standing(wallet, debt) == (25_00, 0)
    service.resolve(row_of(charges[0]), "sales", reason="x", actor="operator:ann")
    assert broken() == {}
    report = service.reconcile()
    assert report.agrees
    assert report.unmatched == 0


@pytest.mark.parametrize(
    "words", [["--as", "wallet"], ["--as", "sales", "--user", "x@example.com"], ["--as", "wallet", "--user", "nobody"]]
)
def test_a_wallet_needs_its_user(committed: Flask, shop: Shop, words: list[str]) -> None:
    shop.charge(900)
    service.sync_mirror()
    result = committed.test_cli_runner().invoke(stripe_commands, ["resolve", txn_id(), *words, "--reason", "x"])
    assert result.exit_code != 0
    assert standing("unmatched") == (900,)


def test_rows_of_another_balance_of_the_account_are_left_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sell(900)
    stripe = gateway()
    each = stripe.each

    def with_risk_reserve(path: str, **filters: Any) -> Iterator[dict[str, Any]]:
        for row in each(path, **filters):
            yield row
            if path == "/v1/balance_transactions":
                yield row | {"id": "txn_held", "type": "reserve_hold", "balance_type": "risk_reserved"}

    monkeypatch.setattr(stripe, "each", with_risk_reserve)
    report = service.reconcile()
    assert report.agrees
    assert (report.matched, report.unmatched) == (1, 0)
