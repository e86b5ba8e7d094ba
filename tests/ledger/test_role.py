"""A role that owns nothing can do its work, and nothing else: `docs/ledger.md` has its grants."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from randonumber import ledger
from randonumber.config import ROOT
from randonumber.ledger import Move, queries
from randonumber.ledger.accounts import wallet
from tests.ledger.books import grant, new_user, pay_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def as_role(session: Session) -> Iterator[Session]:
    """A session as the role of the page, which is gone with the test's transaction."""
    may = session.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar_one()
    if not may:
        pytest.skip("the user of DATABASE_URI may not create roles")
    (script,) = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "ledger.md").read_text(), re.DOTALL)
    database = session.execute(text("SELECT current_database()")).scalar_one()
    role = f"randonumber_app_{secrets.token_hex(6)}"  # roles are the server's, which several suites may share
    script = script.replace("LOGIN PASSWORD '…'", "").replace("DATABASE randonumber", f'DATABASE "{database}"')
    session.execute(text(re.sub(r"\brandonumber_app\b", role, script)))
    session.execute(text(f"SET LOCAL ROLE {role}"))
    yield session
    session.execute(text("RESET ROLE"))


def test_it_posts_opens_and_reads(as_role: Session) -> None:
    user_id = new_user(as_role)
    pay_in(as_role, user_id, 500)
    grant(as_role, user_id, 3)
    out = Move(source=wallet(user_id), destination="bank", amount=100)
    ledger.post(as_role, kind="out", ref="1", entries=[out], actor="test", user_id=user_id)
    assert queries.wallet_balances(as_role, user_id).available == 400
    assert len(queries.statement(as_role, user_id).rows) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transactions SET reason = 'better'",
        "DELETE FROM transactions",
        "TRUNCATE transactions CASCADE",
        "UPDATE entries SET amount = 1",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "UPDATE accounts SET balance = 1 WHERE kind = 'wallet'",
        "UPDATE accounts SET user_id = 1",
        "DELETE FROM accounts",
        "TRUNCATE accounts CASCADE",
        "UPDATE balance_transactions SET net = 0",
        "DELETE FROM balance_transactions",
        "SET LOCAL session_replication_role = replica",
        "ALTER TABLE entries DISABLE TRIGGER ALL",
        "ALTER TABLE accounts DROP CONSTRAINT accounts_balance_check",
        "DROP TABLE entries",
        "CREATE TABLE mine ()",
        "CREATE TEMPORARY TABLE mine ()",
        "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_it_cannot_change_what_stands(as_role: Session, statement: str) -> None:
    user_id = new_user(as_role)
    pay_in(as_role, user_id, 500)
    savepoint = as_role.begin_nested()
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner|append-only"):
        as_role.execute(text(statement))
    savepoint.rollback()
