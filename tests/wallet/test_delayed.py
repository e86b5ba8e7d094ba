"""Methods that take days: nothing is in the wallet before the bank has paid, and who waits is told when it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.sandbox import inprocess
from tests.wallet.conftest import agreed, mails, stored

if TYPE_CHECKING:
    from tests.wallet.conftest import Purse

FOUR_DAYS = 4 * 24 * 3600 + 60
WITHOUT_MONEY = "000222222227"
DISPUTED_LATER = "000555555559"


def by_bank(purse: Purse, account: str = "000123456789") -> str:
    """Begin a top-up, and let a bank be asked for the money."""
    started = purse.start()
    assert started.url is not None
    assert inprocess.pay_by_bank(purse.sandbox.app, started.url, account=account)
    purse.deliver()
    return started.ref


def test_a_completed_session_that_is_unpaid_brings_nothing(purse: Purse) -> None:
    ref = by_bank(purse)
    assert (stored(ref).status, purse.stands) == ("pending", (0, 0, 0))


def test_days_later_the_bank_has_paid_and_the_money_comes_once(purse: Purse) -> None:
    ref = by_bank(purse)
    purse.sandbox.advance(FOUR_DAYS)
    purse.deliver(copies=3, shuffle=1)
    assert stored(ref).status in {"paid", "available"}
    assert sum(purse.stands) == 5_000
    assert mails("topup_received") == 1
    agreed()


def test_or_the_bank_did_not_pay_and_its_owner_is_told_once(purse: Purse) -> None:
    ref = by_bank(purse, WITHOUT_MONEY)
    purse.sandbox.advance(FOUR_DAYS)
    purse.deliver(copies=2)
    assert (stored(ref).status, stored(ref).failure, purse.stands) == ("failed", "payment_failed", (0, 0, 0))
    assert mails("topup_failed") == 1
    agreed()


def test_a_debit_that_is_disputed_is_taken_back(purse: Purse) -> None:
    ref = by_bank(purse, DISPUTED_LATER)
    purse.sandbox.advance(FOUR_DAYS)
    purse.deliver()
    assert (stored(ref).disputed_minor, purse.stands) == (5_000, (0, 0, 0))
    agreed()
