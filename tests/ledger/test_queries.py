"""What is left, what is owed, what can be spent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from randonumber import clock, ledger
from randonumber.ledger import LotPriority, LotSource, Move, queries
from randonumber.ledger.accounts import credit_debt, money_debt, wallet_pending
from tests.ledger.books import grant, new_user, pay_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_the_credits_left_are_those_that_can_be_spent_now(session: Session, user_id: int) -> None:
    expires_at = clock.now() + timedelta(days=1)
    grant(session, user_id, 3)
    grant(session, user_id, 4, expires_at=expires_at)
    grant(session, new_user(session), 100)
    assert queries.credits_left(session, user_id) == 7
    with clock.frozen(expires_at):
        assert queries.credits_left(session, user_id) == 3


def test_open_lots_stand_in_the_order_of_spending(session: Session, user_id: int) -> None:
    now = clock.now()
    grant(session, user_id, 1, priority=LotPriority.PAID)
    grant(session, user_id, 2)
    grant(session, user_id, 3, expires_at=now + timedelta(days=1))
    grant(session, user_id, 4, expires_at=now - timedelta(days=1))
    empty = grant(session, user_id, 5)
    move = Move(source=empty, destination="credits:revoked", amount=5)
    ledger.post(session, kind="revoke", ref="1", entries=[move], actor="test", user_id=user_id)
    lots = queries.open_lots(session, user_id)
    assert [lot.left for lot in lots] == [3, 2, 1]
    first = lots[0]
    assert first.ref.startswith("lot_")
    assert (first.credits_, first.source, first.priority) == (3, LotSource.GRANT, LotPriority.PROMOTIONAL)
    assert first.expires_at == now + timedelta(days=1)


def test_an_open_lot_is_read_as_it_stands_now(session: Session, user_id: int) -> None:
    code = grant(session, user_id, 5)
    assert queries.open_lots(session, user_id)[0].left == 5
    move = Move(source=code, destination="credits:revoked", amount=2)
    ledger.post(session, kind="revoke", ref="1", entries=[move], actor="test", user_id=user_id)
    assert queries.open_lots(session, user_id)[0].left == 3


def test_the_wallet_shows_money_and_debts_without_signs(session: Session, user_id: int) -> None:
    pay_in(session, user_id, 500)
    pay_in(session, user_id, 70, account=wallet_pending(user_id))
    owe = [
        Move(source=money_debt(user_id), destination="sales", amount=8),
        Move(source=credit_debt(user_id), destination="credits:revoked", amount=2),
    ]
    ledger.post(session, kind="dispute", ref="1", entries=owe, actor="test", user_id=user_id)
    assert queries.wallet_balances(session, user_id) == queries.WalletBalances(
        available=500, pending=70, held=0, debt_usd=8, debt_credit=2
    )


def test_somebody_without_accounts_has_nothing(session: Session) -> None:
    assert queries.credits_left(session, -1) == 0
    assert queries.open_lots(session, -1) == []
    assert queries.wallet_balances(session, -1).available == 0


def test_a_house_account_is_the_sum_of_its_entries(session: Session, user_id: int) -> None:
    pay_in(session, user_id, 500)
    pay_in(session, user_id, 20)
    assert queries.balance(session, "bank") == -520
    assert queries.balance(session, f"user:{user_id}:wallet") == 520
    assert queries.balances_of_house(session)["sales"] == 0
    with pytest.raises(LookupError):
        queries.balance(session, "no:such")
