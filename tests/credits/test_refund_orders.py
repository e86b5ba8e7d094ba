"""A reversal that came and went leaves no trace in the credits of a buyer, whatever else was given back before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.credits.bank import Bank
from tests.credits.conftest import stored
from tests.credits.refunding import agreed, figures, refunds_of

if TYPE_CHECKING:
    from tests.credits.refunding import Shop


@pytest.mark.pain(15)
@pytest.mark.parametrize("what", ["refund", "dispute"])
def test_a_reversal_that_came_and_went_after_a_buyers_refund_takes_nothing(shop: Shop, what: str) -> None:
    """The buyer gave 90 credits back for 61.00, which are 87 by proportion; then two parts of 4.50 went back, too."""
    bank = Bank(sandbox=shop.sandbox)
    ref = shop.buy(100)
    shop.draw(10)
    shop.give_back(ref)
    shop.deliver()
    assert figures(ref) == ("partly_refunded", 6100, 90)
    shop.dashboard(ref, 450)
    shop.deliver()
    stands = figures(ref), shop.owed
    if what == "refund":
        second = shop.dashboard(ref, 450)
        shop.deliver()
        assert figures(ref) == ("refunded", 7000, 100)
        bank.returns(second)
    else:
        dispute = bank.disputes(stored(ref).payment_id or "")
        shop.deliver()
        assert figures(ref) == ("disputed", 6550, 100)
        bank.decides(dispute, won=True)
    shop.deliver()
    assert (figures(ref), shop.owed) == stands
    assert [row.status for row in refunds_of(ref)][:2] == ["succeeded", "succeeded"]
    agreed()
