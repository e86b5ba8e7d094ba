"""`stripe reconcile`, `stripe sync` and `stripe resolve` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from randonumber.reconciliation import service
from randonumber.reconciliation.commands import stripe_commands
from tests.reconciliation.shop import Shop, plant, standing, txn_id

if TYPE_CHECKING:
    from click.testing import Result
    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(stripe_commands, arguments)


def test_reconcile_prints_the_figures_and_exits_0(committed: Flask, shop: Shop) -> None:
    shop.sell(900)
    shop.charge(500)
    result = run(committed, "reconcile")
    assert result.exit_code == 0
    lines = dict(line.rsplit("  ", 1) for line in result.output.splitlines())
    figures = {name.strip(): value.strip() for name, value in lines.items()}
    assert figures["matched"] == "1"
    assert figures["unmatched"] == "1 ($5.00)"
    assert figures["difference"] == "$0.00"
    assert figures["Stripe's balance"] == figures["ledger"] == figures["mirror"] == "$12.99"


def test_reconcile_prints_json(committed: Flask, shop: Shop) -> None:
    shop.sell(900)
    result = run(committed, "reconcile", "--json")
    report = json.loads(result.output)
    assert (report["difference"], report["matched"], report["unmatched"], report["agrees"]) == (0, 1, 0, True)


@pytest.mark.broken_books
def test_reconcile_exits_1_on_a_difference(committed: Flask, shop: Shop) -> None:
    shop.sell(900)
    service.sync_mirror()
    plant("UPDATE entries SET amount = 901 WHERE amount = 900")
    result = run(committed, "reconcile")
    assert result.exit_code == 1
    assert "-$0.01" in result.output


def test_reconcile_says_so_when_stripe_is_away(committed: Flask, shop: Shop, sandbox: StripeSandbox) -> None:
    sandbox.fault("GET /v1/account", "reset_before", times=1)
    result = run(committed, "reconcile")
    assert result.exit_code == 1
    assert "does not answer" in result.output


def test_sync_brings_everything_level(committed: Flask, shop: Shop) -> None:
    shop.sell_late(900)
    result = run(committed, "sync")
    assert result.exit_code == 0, result.output
    assert "balance transactions: 1" in result.output
    assert standing("sales") == (900,)


def test_sync_goes_on_after_a_sweep_that_failed(committed: Flask, shop: Shop, sandbox: StripeSandbox) -> None:
    sandbox.fault("GET /v1/account", "reset_before", times=1)
    result = run(committed, "sync")
    assert result.exit_code == 1
    assert len(result.output.splitlines()) >= len(committed.extensions["sweeps"])


def test_resolve_books_what_was_unmatched(committed: Flask, shop: Shop) -> None:
    shop.charge(900)
    service.sync_mirror()
    result = run(committed, "resolve", txn_id(), "--as", "sales", "--reason", "by telephone")
    assert result.exit_code == 0
    assert standing("unmatched", "sales") == (0, 900)


def test_resolve_refuses_what_does_not_wait(committed: Flask, shop: Shop) -> None:
    shop.charge(900)
    service.sync_mirror()
    for arguments in (
        ("txn_unknown", "--as", "sales", "--reason", "x"),
        (txn_id(), "--as", "sales", "--reason", " "),
        (txn_id(), "--as", "piggy", "--reason", "x"),
        (txn_id(), "--as", "sales"),
    ):
        assert run(committed, "resolve", *arguments).exit_code != 0
    assert standing("unmatched") == (900,)
