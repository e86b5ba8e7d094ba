"""`post` writes a fact once, whole, and in no other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import ledger
from randonumber.ledger import Move

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@pytest.fixture
def user_id(session: Session) -> int:
    """A user with accounts."""
    user_id: int = session.execute(
        text("INSERT INTO users (ref, email, fs_uniquifier) VALUES ('usr_1', 'a@b.c', 'x') RETURNING id")
    ).scalar_one()
    ledger.open_user_accounts(session, user_id)
    return user_id


def test_a_lot_is_filled_and_its_balance_follows(session: Session, user_id: int) -> None:
    lot = ledger.open_lot(
        session,
        user_id=user_id,
        source=ledger.LotSource.GRANT,
        source_ref="signup:usr_1",
        credits_=3,
        unit_price_minor=0,
        priority=ledger.LotPriority.PROMOTIONAL,
    )
    move = Move(source="credits:issued", destination=lot.code, amount=3)
    posted = ledger.post(session, kind="grant", ref="signup:usr_1", entries=[move], actor="test", user_id=user_id)
    assert posted.created
    again = ledger.post(session, kind="grant", ref="signup:usr_1", entries=[move], actor="test", user_id=user_id)
    assert again == ledger.Posted(transaction_id=posted.transaction_id, created=False)
    account = session.execute(text("SELECT balance, is_open FROM accounts WHERE code = :c"), {"c": lot.code}).one()
    assert tuple(account) == (3, True)
