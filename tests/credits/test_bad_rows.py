"""One row that cannot be handled keeps no other waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from randonumber import payments
from randonumber.credits import jobs, refund_jobs
from randonumber.credits.service.closing import refresh_or_close
from randonumber.database import transaction
from randonumber.payments.claims import PaymentClaim
from randonumber.reconciliation.service import sync_mirror
from randonumber.stripe_gateway import StripeUnavailable
from tests.credits.conftest import count, stored
from tests.credits.refunding import WAITS, Shop, agreed, refund

if TYPE_CHECKING:
    from randonumber.credits.models import PurchaseStatus
    from randonumber.stripe_gateway import BalanceTransaction, Charge


@pytest.mark.parametrize("trouble", ["a bug", "no answer"])
def test_the_sweep_of_refunds_goes_on_behind_a_payment_that_makes_trouble(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    refs = [shop.buy(10, card=WAITS, form_ref=form_ref) for form_ref in ("form-0001", "form-0002")]
    for number, ref in enumerate(refs):
        shop.give_back(ref, f"back-000{number}")
    shop.sandbox.advance(86_401)
    bad = stored(refs[0]).payment_id
    if trouble == "a bug":
        well = payments.effect_of_charge

        def effect_of_charge(charge: Charge, *, actor: str) -> Any:
            if charge.id == bad:
                raise RuntimeError(trouble)
            return well(charge, actor=actor)

        monkeypatch.setattr(payments, "effect_of_charge", effect_of_charge)
    else:
        shop.sandbox.fault("GET /v1/charges/{charge}", "error_500")
    assert refund_jobs.sweep_all() == 1
    assert [refund(ref).status for ref in refs] == ["pending", "succeeded"]
    monkeypatch.undo()
    assert refund_jobs.sweep_all() == 1
    agreed()


def test_a_purchase_about_which_stripe_is_never_heard_holds_no_other_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = [shop.buyer.start(10, form_ref=form_ref) for form_ref in ("form-0001", "form-0002")]
    for started in starts:
        assert started.url is not None
        shop.sandbox.pay(started.url)
    silent, other = (started.ref for started in starts)
    with transaction() as session:
        session.execute(text("UPDATE purchases SET next_check_at = now() - interval '1 minute'"))
        session.execute(
            text("UPDATE purchases SET next_check_at = now() - interval '1 hour' WHERE ref = :ref"), {"ref": silent}
        )
    ask = refresh_or_close

    def slow(ref: str, *, actor: str) -> PurchaseStatus | None:
        if ref == silent:
            reason = "no answer: ReadTimeout"
            raise StripeUnavailable(reason)
        return ask(ref, actor=actor)

    monkeypatch.setattr(jobs, "refresh_or_close", slow)
    for _ in range(2):
        jobs.sweep_purchases.func(timestamp=0)
    assert [stored(ref).status for ref in (silent, other)] == ["pending", "paid"]


def test_the_mirror_goes_on_behind_a_row_whose_owner_cannot_be_brought_level(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = [shop.buyer.start(10, form_ref=form_ref) for form_ref in ("form-0001", "form-0002")]
    for started in starts:
        assert started.url is not None
        shop.sandbox.pay(started.url)
    [first, *_] = sorted(shop.sandbox.client.v1.charges.list().data, key=lambda one: one.created)
    well = PaymentClaim.bring_level

    def bring_level(claim: PaymentClaim, txn: BalanceTransaction) -> None:
        if txn.source_id == first.id:
            raise RuntimeError(first.id)
        well(claim, txn)

    monkeypatch.setattr(PaymentClaim, "bring_level", bring_level)
    assert sync_mirror() == 2
    assert count("purchases", "status = 'paid'") == 1
    assert count("balance_transactions", "unmatched_id IS NOT NULL") == 1
    monkeypatch.undo()
    shop.deliver()
    assert count("purchases", "status = 'paid'") == 2
    agreed()
