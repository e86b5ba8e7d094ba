"""The demo seller has a living wallet: an account that is ready, money here and on its way, a withdrawal paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber import reconciliation
from randonumber.auth import accounts as people
from randonumber.database import transaction
from randonumber.ledger import queries
from randonumber.operations import demo_wallet, sign_ins
from randonumber.payouts import account_queries, withdrawal_queries
from randonumber.sandbox import inprocess
from randonumber.sandbox.inprocess_connect import address

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.operations.demo_wallet import Press
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


@pytest.fixture
def press(committed: Flask, sandbox: StripeSandbox) -> Press:
    """Have the seller signed up, and return a hand for Stripe's pages."""
    with transaction() as session:
        people.create(session, sign_ins.SELLER, "x", is_confirmed=True)

    def press(url: str, form: dict[str, str]) -> None:
        assert inprocess.submit(sandbox.app, address(url), form) is not None

    return press


def stands() -> tuple[int, int, list[tuple[str, int]], str | None]:
    """Return what is available, pending, withdrawn, and where the account stands."""
    with transaction() as session:
        user = people.get(session, sign_ins.SELLER)
        balances = queries.wallet_balances(session, user.id)
        rows = withdrawal_queries.withdrawals(session, user.id).rows
        state = account_queries.show(session, user.id).state
    return balances.available, balances.pending, [(row.status, row.amount_minor) for row in rows], state


def test_a_newcomer_sees_a_living_wallet(press: Press, deliver_webhooks: DeliverWebhooks) -> None:
    assert demo_wallet.fill(press) is None
    assert stands() == (4_000, 2_500, [("paid", 2_000)], "ready")
    deliver_webhooks()
    assert reconciliation.service.reconcile().agrees


def test_the_next_start_does_nothing_again(press: Press, sandbox: StripeSandbox) -> None:
    demo_wallet.fill(press)
    asked = len(sandbox.exchanges)
    assert demo_wallet.fill(press) is None
    assert len(sandbox.exchanges) == asked
    assert stands() == (4_000, 2_500, [("paid", 2_000)], "ready")


def test_a_start_that_was_cut_off_goes_on_at_the_next(press: Press, sandbox: StripeSandbox) -> None:
    sandbox.fault("POST /v1/account_links", "error_403")
    trouble = demo_wallet.fill(press)
    assert trouble is not None
    assert "the next start tries again" in trouble
    assert demo_wallet.fill(press) is None
    assert stands() == (4_000, 2_500, [("paid", 2_000)], "ready")
