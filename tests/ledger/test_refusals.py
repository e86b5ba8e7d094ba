"""The database itself refuses what must not be, whatever the code above it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from randonumber import ledger
from randonumber.ledger import Move
from randonumber.ledger.accounts import credit_debt, money_debt, wallet, wallet_pending
from tests.ledger.books import balance, grant, new_user, pay_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

UPSERT = """
    INSERT INTO accounts (code, kind, currency) VALUES ('sales', 'house', 'usd')
        ON CONFLICT (code) DO UPDATE SET balance = 1
"""
FACT = "INSERT INTO transactions (kind, ref, size, actor, user_id) VALUES ('test', 'new', 2, 'test', :user)"
ENTRY = """
    INSERT INTO entries (transaction_id, position, source_id, destination_id, currency, amount)
    SELECT max(transactions.id), :position, source.id, destination.id, :currency, :amount
      FROM transactions, accounts AS source, accounts AS destination
     WHERE source.code = :source AND destination.code = :destination
     GROUP BY source.id, destination.id
"""


@pytest.fixture
def books(session: Session, user_id: int) -> dict[str, str | int]:
    """Books with a wallet of 500 cents, a lot of 3 credits, debts of 5, and a transaction that still takes entries."""
    pay_in(session, user_id, 500)
    lot = grant(session, user_id, 3)
    owe = [
        Move(source=money_debt(user_id), destination="sales", amount=5),
        Move(source=credit_debt(user_id), destination="credits:revoked", amount=5),
    ]
    ledger.post(session, kind="dispute", ref="1", entries=owe, actor="test", user_id=user_id)
    session.execute(text(FACT), {"user": user_id})
    return {
        "wallet": wallet(user_id),
        "pending": wallet_pending(user_id),
        "lot": lot,
        "debt": money_debt(user_id),
        "credit_debt": credit_debt(user_id),
        "user": user_id,
        "stranger": wallet(new_user(session)),
    }


def refused(session: Session, statement: str, pattern: str, **parameters: object) -> None:
    """The statement is refused for the right reason, and nothing of it stays."""
    savepoint = session.begin_nested()
    with pytest.raises(DBAPIError, match=pattern):
        session.execute(text(statement), parameters)
    savepoint.rollback()


def complete(session: Session) -> None:
    """Write the entries that the open transaction was announced with, so that the books are whole again."""
    for position in (1, 2):
        values = {"source": "stripe:balance", "destination": "sales", "currency": "usd", "amount": 1}
        session.execute(text(ENTRY), values | {"position": position})


@pytest.mark.pain(10)
@pytest.mark.parametrize(
    ("source", "destination", "amount", "pattern"),
    [
        ("wallet", "sales", 501, "accounts_balance_check"),
        ("pending", "sales", 1, "accounts_balance_check"),
        ("sales", "debt", 6, "accounts_balance_check"),
        ("sales", "stranger", 1, "not its user's"),
        ("wallet", "wallet", 1, "entries_two_accounts_check"),
        ("sales", "wallet", 0, "entries_amount_check"),
        ("sales", "wallet", -1, "entries_amount_check|accounts_balance_check"),
        ("sales", "stripe:balance", -1, "entries_amount_check"),
    ],
)
def test_an_entry_of_money_that_must_not_be(
    session: Session, books: dict[str, str], source: str, destination: str, amount: int, pattern: str
) -> None:
    names = {"source": books.get(source, source), "destination": books.get(destination, destination)}
    refused(session, ENTRY, pattern, **names, currency="usd", amount=amount, position=1)
    complete(session)


@pytest.mark.pain(10)
@pytest.mark.parametrize(
    ("source", "destination", "amount", "pattern"),
    [
        ("lot", "credits:consumed", 4, "accounts_balance_check"),
        ("credits:issued", "lot", 1, "accounts_lot_full_check"),
        ("credits:issued", "credit_debt", 6, "accounts_balance_check"),
        ("lot", "lot", 1, "entries_two_accounts_check"),
    ],
)
def test_an_entry_of_credits_that_must_not_be(
    session: Session, books: dict[str, str], source: str, destination: str, amount: int, pattern: str
) -> None:
    names = {"source": books.get(source, source), "destination": books.get(destination, destination)}
    refused(session, ENTRY, pattern, **names, currency="credit", amount=amount, position=1)
    complete(session)


@pytest.mark.parametrize(
    ("source", "destination", "currency"),
    [
        ("stripe:balance", "credits:issued", "usd"),
        ("stripe:balance", "credits:issued", "credit"),
        ("stripe:balance", "sales", "credit"),
        ("stripe:balance", "sales", "eur"),
    ],
)
def test_an_entry_across_currencies(
    session: Session, books: dict[str, str], source: str, destination: str, currency: str
) -> None:
    """The foreign keys carry the currency, so it is that of both accounts."""
    names = {"source": source, "destination": destination}
    refused(session, ENTRY, "entries_(source|destination)_fkey", **names, currency=currency, amount=1, position=1)
    complete(session)


def test_an_unbalanced_entry_cannot_even_be_written_down(session: Session, books: dict[str, str]) -> None:
    """A row moves one amount from one account to another: there is no column for a second amount or a lone side."""
    statement = """
        INSERT INTO entries (transaction_id, position, source_id, currency, amount)
        SELECT max(transactions.id), 1, accounts.id, 'usd', 1 FROM transactions, accounts
         WHERE code = 'sales' GROUP BY accounts.id
    """
    refused(session, statement, "destination_id")
    complete(session)


def test_an_entry_added_to_a_complete_transaction(session: Session, books: dict[str, str]) -> None:
    complete(session)
    names = {"source": "stripe:balance", "destination": "sales", "currency": "usd", "amount": 1}
    for position, pattern in ((3, "is complete"), (2, "entries_pkey"), (0, "entries_position_check")):
        refused(session, ENTRY, pattern, **names, position=position)


def test_an_entry_without_a_transaction(session: Session, books: dict[str, str]) -> None:
    complete(session)
    statement = ENTRY.replace("max(transactions.id)", "max(transactions.id) + 1000")
    names = {"source": "stripe:balance", "destination": "sales", "currency": "usd", "amount": 1}
    refused(session, statement, "entries_transaction_id_fkey", **names, position=1)


def test_a_second_transaction_of_the_same_kind_and_ref(session: Session, books: dict[str, str]) -> None:
    complete(session)
    refused(session, FACT, "transactions_kind_ref_key", user=books["user"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transactions SET reason = 'better'",
        "UPDATE transactions SET ref = ref || '2'",
        "DELETE FROM transactions",
        "TRUNCATE transactions CASCADE",
        "UPDATE entries SET amount = amount + 1",
        "UPDATE entries SET source_balance = 0",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "DELETE FROM accounts",
        "TRUNCATE accounts CASCADE",
        "TRUNCATE users CASCADE",
        "UPDATE accounts SET balance = balance + 1 WHERE kind = 'wallet'",
        "UPDATE accounts SET is_open = false",
        "UPDATE accounts SET user_id = NULL, kind = 'house'",
        "UPDATE accounts SET expires_at = now() WHERE kind = 'lot'",
        "UPDATE accounts SET code = 'mine' WHERE code = 'sales'",
        UPSERT,
    ],
)
def test_a_change_of_what_stands(session: Session, books: dict[str, str], statement: str) -> None:
    complete(session)
    refused(session, statement, "append-only")


@pytest.mark.parametrize(
    ("columns", "values", "pattern"),
    [
        ("balance", "'new', 'wallet', 'usd', :user, 1", "append-only"),
        ("balance", "'new', 'house', 'usd', NULL, 1", "append-only"),
        ("is_open", "'new', 'wallet', 'usd', :user, true", "append-only"),
        ("balance", "'new', 'wallet', 'eur', :user, 0", "accounts_currency_check"),
        ("balance", "'new', 'piggy', 'usd', :user, 0", "accounts_kind_check"),
        ("balance", "'new', 'wallet', 'usd', NULL, 0", "accounts_owner_check"),
        ("balance", "'new', 'house', 'usd', :user, 0", "accounts_owner_check"),
        ("balance", "'new', 'lot', 'credit', :user, 0", "accounts_lot_check"),
        ("lot_credits", "'new', 'wallet', 'usd', :user, 5", "accounts_lot_check"),
        ("balance", "'sales', 'house', 'usd', NULL, 0", "accounts_code_key"),
        ("balance", "'new', 'wallet', 'usd', -1, 0", "accounts_user_id_fkey"),
    ],
)
def test_an_account_that_must_not_be(
    session: Session, books: dict[str, str], columns: str, values: str, pattern: str
) -> None:
    complete(session)
    statement = f"INSERT INTO accounts (code, kind, currency, user_id, {columns}) VALUES ({values})"  # noqa: S608
    refused(session, statement, pattern, **({"user": books["user"]} if ":user" in values else {}))


@pytest.mark.parametrize(
    ("column", "value", "pattern"),
    [("size", 0, "size_check"), ("kind", "", "kind_check"), ("kind", "A b", "kind_check"), ("ref", "", "ref_check")],
)
def test_a_transaction_that_must_not_be(
    session: Session, books: dict[str, str], column: str, value: object, pattern: str
) -> None:
    complete(session)
    given = {"kind": "test", "ref": "other", "size": 1} | {column: value}
    statement = "INSERT INTO transactions (kind, ref, size, actor) VALUES (:kind, :ref, :size, 'test')"
    refused(session, statement, f"transactions_{pattern}", **given)


def test_the_refusals_leave_the_balances_alone(session: Session, books: dict[str, str]) -> None:
    names = {"source": books["wallet"], "destination": "sales", "currency": "usd", "amount": 501}
    refused(session, ENTRY, "accounts_balance_check", **names, position=1)
    complete(session)
    assert balance(session, books["wallet"]) == 500
    assert balance(session, books["lot"]) == 3
