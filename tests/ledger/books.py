"""Small books for the tests: users with accounts, and lots filled through the ledger's door."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import text

from randonumber import ledger
from randonumber.ledger import LotPriority, LotSource, Move
from randonumber.ledger.accounts import wallet

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def new_user(session: Session) -> int:
    """Make a user with accounts."""
    name = secrets.token_hex(8)
    user_id: int = session.execute(
        text("INSERT INTO users (ref, email, fs_uniquifier) VALUES (:ref, :email, :name) RETURNING id"),
        {"ref": f"usr_{name}", "email": f"{name}@example.com", "name": name},
    ).scalar_one()
    ledger.open_user_accounts(session, user_id)
    return user_id


def grant(
    session: Session,
    user_id: int,
    credits_: int,
    *,
    priority: LotPriority = LotPriority.PROMOTIONAL,
    expires_at: datetime | None = None,
) -> str:
    """Grant credits in a lot of their own and return its code."""
    ref = f"test:{secrets.token_hex(8)}"
    lot = ledger.open_lot(
        session,
        user_id=user_id,
        source=LotSource.GRANT,
        source_ref=ref,
        credits_=credits_,
        unit_price_minor=0,
        priority=priority,
        expires_at=expires_at,
    )
    move = Move(source="credits:issued", destination=lot.code, amount=credits_)
    ledger.post(session, kind="grant", ref=ref, entries=[move], actor="operator:test", reason="a test", user_id=user_id)
    return lot.code


def pay_in(session: Session, user_id: int, amount: int, *, account: str | None = None) -> str:
    """Put money from the bank into the wallet, or another account of the user, and return the posting's ref."""
    ref = secrets.token_hex(8)
    move = Move(source="bank", destination=account or wallet(user_id), amount=amount)
    ledger.post(session, kind="gift", ref=ref, entries=[move], actor="test", user_id=user_id)
    return ref


def balance(session: Session, code: str) -> int:
    """Return the stored balance of a user's account."""
    found: int = session.execute(text("SELECT balance FROM accounts WHERE code = :code"), {"code": code}).scalar_one()
    return found
