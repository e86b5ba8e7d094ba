"""Who is told what of a top-up: its owner of every change of money, operators of what needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.errors import RateLimited
from randonumber.wallet import jobs
from randonumber.wallet.service import starting
from tests.credits.bank import mail_body
from tests.people import make_user
from tests.wallet.conftest import AT_ONCE, mails

if TYPE_CHECKING:
    from tests.wallet.conftest import Purse


def recipients(template: str) -> list[str]:
    with transaction() as session:
        query = text("SELECT recipient FROM mail_messages WHERE template = :template ORDER BY id")
        return list(session.execute(query, {"template": template}).scalars())


def test_the_receipt_says_how_much_and_with_what(purse: Purse) -> None:
    ref = purse.top_up()
    purse.run()
    body = mail_body("topup_received", ref)
    assert "$50.00" in body
    assert "Visa ending in 4242" in body
    assert f"/wallet/topups/{ref}" in body
    assert recipients("topup_received") == [purse.person.email]


def test_a_dispute_is_told_with_what_is_owed_and_to_operators_at_each_turn(purse: Purse) -> None:
    operator = make_user(admin=True)
    ref = purse.top_up(card=AT_ONCE)
    jobs.sweep_all()
    purse.spend(3_000)
    dispute = purse.dispute(ref)
    purse.deliver()
    body = mail_body("topup_taken", ref)
    assert "has taken back $50.00" in body
    assert "you owe $30.00" in body
    purse.bank.decides(dispute, won=True)
    purse.deliver(copies=2)
    body = mail_body("topup_returned", ref)
    assert "is decided for you" in body
    assert "$50.00 came back" in body
    assert recipients("topup_reversal") == [operator.email] * 2
    assert mails("topup_taken", "topup_returned") == 2


def test_a_refund_is_told_and_its_failure_to_operators_too(purse: Purse) -> None:
    operator = make_user(admin=True)
    ref = purse.top_up()
    refund = purse.refund(ref, 2_000)
    purse.deliver()
    assert "$20.00 of your top-up of $50.00 was refunded" in mail_body("topup_taken", ref)
    assert recipients("topup_reversal") == []
    purse.bank.returns(refund)
    purse.deliver()
    assert "could not be paid out" in mail_body("topup_returned", ref)
    assert recipients("topup_reversal") == [operator.email]


def test_so_many_top_ups_an_hour_are_enough(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "TOPUPS_PER_HOUR", 2)
    for number in range(2):
        purse.start(form_ref=f"form-000{number}")
    with pytest.raises(RateLimited):
        purse.start(form_ref="form-0003")
    assert purse.start(form_ref="form-0001").url is not None  # the same form is no new top-up
