"""What Stripe sets aside while a connected account is below zero stands on an account of its own, to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.database import transaction
from randonumber.ledger import checks
from randonumber.reconciliation import service
from tests.reconciliation.shop import Shop, count, standing
from tests.reconciliation.strangers import Strangers

if TYPE_CHECKING:
    from tests.stripe_fixtures import StripeSandbox


pytestmark = pytest.mark.broken_books
"""Their transfers are strangers' (A11); the other invariants are looked at by `agrees`."""


@pytest.fixture
def strangers(sandbox: StripeSandbox) -> Strangers:
    return Strangers(sandbox=sandbox)


def agrees() -> service.Report:
    report = service.reconcile()
    assert report.agrees, report
    with transaction() as session:
        assert [result.id for result in checks.run(session, prefix="A") if not result.holds] in ([], ["A11"])
    return report


def test_a_connected_account_below_zero_leaves_nothing_unmatched_but_its_transfer(
    shop: Shop, strangers: Strangers
) -> None:
    strangers.funds(100_00)
    agrees()
    transfer = strangers.sends(20_00)
    strangers.owes(transfer, 15_00)
    report = agrees()
    assert (report.reserved_minor, report.reserved_ledger_minor) == (15_00, 15_00)
    assert {row.type for row in report.unmatched_rows} == {"charge", "transfer", "transfer_refund"}
    assert standing("stripe:reserve") == (-15_00,)


def test_what_is_given_back_of_a_reserve_is_booked_too(shop: Shop, strangers: Strangers) -> None:
    strangers.funds(100_00)
    transfer = strangers.sends(20_00)
    strangers.owes(transfer, 15_00)
    agrees()
    strangers.sends(10_00)
    assert agrees().reserved_minor == 5_00
    strangers.sends(10_00)
    assert agrees().reserved_minor == 0
    assert standing("stripe:reserve") == (0,)


@pytest.mark.usefixtures("installed_later")
def test_a_reserve_from_before_us_is_part_of_the_opening_figure(
    shop: Shop, strangers: Strangers, sandbox: StripeSandbox
) -> None:
    strangers.funds(100_00)
    transfer = strangers.sends(20_00)
    strangers.owes(transfer, 15_00)
    sandbox.advance(60)
    shop.sell(900)
    report = agrees()
    assert (report.unmatched, report.reserved_minor) == (0, 15_00)
    assert standing("stripe:reserve") == (-15_00,)
    assert standing("opening") == (report.stripe_minor - 900 + 56,)
    strangers.sends(10_00)
    assert agrees().reserved_minor == 5_00
    assert count("stripe_contacts") == 1


@pytest.mark.usefixtures("installed_later")
def test_an_account_that_held_nothing_but_its_reserve_opens_too(
    shop: Shop, strangers: Strangers, sandbox: StripeSandbox
) -> None:
    strangers.funds(100_00)
    transfer = strangers.sends(20_00)
    strangers.owes(transfer, 15_00)
    strangers.pays_out()
    sandbox.advance(60)
    report = agrees()
    assert (report.stripe_minor, report.reserved_minor) == (15_00, 15_00)
    assert standing("stripe:balance", "stripe:reserve", "opening") == (0, -15_00, 15_00)
