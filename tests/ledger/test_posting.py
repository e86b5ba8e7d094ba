"""`post` writes a fact once, whole, and in no other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from randonumber import ledger
from randonumber.ledger import Move
from randonumber.ledger.accounts import credit_debt, money_debt, wallet, wallet_pending
from tests.ledger.books import balance, grant, new_user, pay_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def sale(amount: int = 900) -> list[Move]:
    return [Move(source="stripe:balance", destination="sales", amount=amount)]


def test_a_lot_is_filled_and_its_balance_follows(session: Session, user_id: int) -> None:
    code = grant(session, user_id, 3)
    account = session.execute(text("SELECT balance, is_open FROM accounts WHERE code = :code"), {"code": code}).one()
    assert tuple(account) == (3, True)


def test_the_same_fact_twice_is_written_once(session: Session) -> None:
    first = ledger.post(session, kind="purchase", ref="pur_1", entries=sale(), actor="event:evt_1")
    again = ledger.post(session, kind="purchase", ref="pur_1", entries=sale(), actor="user:usr_1", reason="again")
    assert first.created
    assert again == ledger.Posted(transaction_id=first.transaction_id, created=False)
    assert session.execute(text("SELECT count(*) FROM entries")).scalar_one() == 1


def test_the_same_fact_with_other_content_is_a_conflict(session: Session, user_id: int) -> None:
    first = ledger.post(session, kind="purchase", ref="pur_1", entries=sale(), actor="test")
    turned = [Move(source="sales", destination="stripe:balance", amount=900)]
    for entries in (sale(901), turned, sale() * 2):
        with pytest.raises(ledger.PostingConflict):
            ledger.post(session, kind="purchase", ref="pur_1", entries=entries, actor="test")
    with pytest.raises(ledger.PostingConflict):
        ledger.post(session, kind="purchase", ref="pur_1", entries=sale(), actor="test", user_id=user_id)
    with pytest.raises(ledger.PostingConflict):
        ledger.post(
            session, kind="purchase", ref="pur_1", entries=sale(), actor="test", reverses_id=first.transaction_id
        )


def test_the_same_ref_of_another_kind_is_another_fact(session: Session) -> None:
    assert ledger.post(session, kind="purchase", ref="1", entries=sale(), actor="test").created
    assert ledger.post(session, kind="topup", ref="1", entries=sale(), actor="test").created


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_positive(session: Session, amount: int) -> None:
    with pytest.raises(ledger.InvalidPosting):
        ledger.post(session, kind="purchase", ref="1", entries=sale(amount), actor="test")


def test_a_transaction_has_entries(session: Session) -> None:
    with pytest.raises(ledger.InvalidPosting):
        ledger.post(session, kind="purchase", ref="1", entries=[], actor="test")


@pytest.mark.parametrize(
    ("source", "destination"),
    [("stripe:balance", "no:such"), ("no:such", "sales"), ("stripe:balance", "credits:issued")],
)
def test_accounts_are_known_and_of_one_currency(session: Session, source: str, destination: str) -> None:
    entries = [*sale(), Move(source=source, destination=destination, amount=1)]
    with pytest.raises(ledger.InvalidPosting):
        ledger.post(session, kind="purchase", ref="1", entries=entries, actor="test")
    assert session.execute(text("SELECT count(*) FROM transactions")).scalar_one() == 0


def test_nobody_spends_more_than_there_is(session: Session, user_id: int) -> None:
    pay_in(session, user_id, 500)
    with pytest.raises(ledger.Overdrawn):
        ledger.post(
            session,
            kind="purchase",
            ref="1",
            entries=[Move(source=wallet(user_id), destination="sales", amount=501)],
            actor="test",
            user_id=user_id,
        )


def test_nobody_repays_more_than_is_owed(session: Session, user_id: int) -> None:
    owe = [Move(source=money_debt(user_id), destination="sales", amount=10)]
    ledger.post(session, kind="dispute", ref="1", entries=owe, actor="test", user_id=user_id)
    with pytest.raises(ledger.Overdrawn):
        pay_in(session, user_id, 11, account=money_debt(user_id))


def test_every_entry_keeps_what_the_balances_became(session: Session, user_id: int) -> None:
    pending, available = wallet_pending(user_id), wallet(user_id)
    entries = [
        Move(source="stripe:balance", destination=pending, amount=500),
        Move(source=pending, destination=available, amount=200),
    ]
    posted = ledger.post(session, kind="topup", ref="1", entries=entries, actor="test", user_id=user_id)
    rows = session.execute(
        text("SELECT source_balance, destination_balance FROM entries WHERE transaction_id = :id ORDER BY position"),
        {"id": posted.transaction_id},
    ).all()
    assert [tuple(row) for row in rows] == [(None, 500), (300, 200)]
    assert (balance(session, pending), balance(session, available)) == (300, 200)


def test_an_entry_that_cannot_stand_takes_the_whole_transaction_with_it(session: Session, user_id: int) -> None:
    pay_in(session, user_id, 5)
    savepoint = session.begin_nested()
    entries = [*sale(), Move(source=wallet(user_id), destination="sales", amount=6)]
    with pytest.raises(ledger.Overdrawn):
        ledger.post(session, kind="purchase", ref="1", entries=entries, actor="test", user_id=user_id)
    savepoint.rollback()
    assert session.execute(text("SELECT count(*) FROM transactions WHERE kind = 'purchase'")).scalar_one() == 0
    assert balance(session, wallet(user_id)) == 5


def test_a_transaction_of_one_user_moves_nobody_elses_account(session: Session, user_id: int) -> None:
    stranger = new_user(session)
    for owner in (stranger, None):
        savepoint = session.begin_nested()
        with pytest.raises(Exception, match="not its user's"):
            ledger.post(
                session,
                kind="gift",
                ref="1",
                entries=[Move(source="bank", destination=wallet(user_id), amount=1)],
                actor="test",
                user_id=owner,
            )
        savepoint.rollback()


def test_opening_accounts_again_changes_nothing(session: Session, user_id: int) -> None:
    pay_in(session, user_id, 7)
    ledger.open_user_accounts(session, user_id)
    assert balance(session, wallet(user_id)) == 7
    assert balance(session, credit_debt(user_id)) == 0


def test_a_posting_is_one_round_trip(session: Session) -> None:
    statements: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
    ledger.post(session, kind="purchase", ref="pur_1", entries=sale() * 3, actor="test")
    assert len(statements) == 1
