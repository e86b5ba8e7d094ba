"""Disputes in which no money of a purchase moves: they end, and then stand in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.credits.bank import Bank, dispute_row, mail_body, sell
from tests.credits.conftest import FREE_CREDITS, Buyer, stored
from tests.credits.saving import Saver
from tests.credits.test_disputes import bring_level, figures, shown
from tests.credits.topping import Owner
from tests.people import make_user

if TYPE_CHECKING:
    from tests.credits.bank import Sale
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


@pytest.fixture
def sale(buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks) -> Sale:
    """Ten credits for 9.00, paid."""
    return sell(buyer, sandbox, deliver_webhooks)


@pytest.mark.parametrize("ending", ["won", "lost", "prevented"])
def test_a_dispute_that_ends_without_having_taken_money_is_over(
    buyer: Buyer, sale: Sale, run_jobs: RunJobs, ending: str
) -> None:
    """Stripe shows up to two balance transactions of a dispute; of one that took no money there are none."""
    make_user(admin=True)
    reading = shown(sale.charge)
    bring_level(sale, reading)
    assert (dispute_row(reading.id).status, figures(sale.ref)) == ("open", ("disputed", 0, 0))
    bring_level(sale, replace(reading, status=ending))
    row = dispute_row(reading.id)
    assert (row.status, row.closed_at is not None) == ("inquiry", True)
    run_jobs(early=True)
    assert "no money was taken: there is nothing to do." in mail_body("dispute_operator", "(closed)")
    assert (figures(sale.ref), buyer.credits) == (("paid", 0, 0), FREE_CREDITS + 10)
    bring_level(sale, reading)
    assert (dispute_row(reading.id).status, stored(sale.ref).status) == ("inquiry", "paid"), "an older reading"
    bring_level(sale, replace(reading, status="lost", withdrawn=900))
    assert (dispute_row(reading.id).status, figures(sale.ref)) == ("lost", ("disputed", 900, 10)), "its money, late"


@pytest.mark.pain(23)
@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_of_a_second_payment_holds_auto_topup_up_only_while_it_stands(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs, *, won: bool
) -> None:
    owner, bank = Owner(saver=Saver(buyer=buyer, sandbox=sandbox), run_jobs=run_jobs), Bank(sandbox=sandbox)
    sale = sell(buyer, sandbox, deliver_webhooks)
    second = sandbox.client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"purchase_ref": sale.ref},
        }
    )
    made = bank.disputes(str(second.latest_charge))
    deliver_webhooks()
    owner.saver.save()
    owner.turn_on(threshold=FREE_CREDITS + 11)
    owner.round()
    assert (dispute_row(made).status, dispute_row(made).closed_at, owner.purchases) == ("unclaimed", None, [])
    bank.decides(made, won=won)
    deliver_webhooks(copies=2)
    assert (dispute_row(made).status, dispute_row(made).closed_at is not None) == ("unclaimed", True)
    owner.round()
    assert [one.status for one in owner.purchases] == ["paid"]
