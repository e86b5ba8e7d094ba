"""The first contact with a Stripe account: what it held before our time is its opening figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import text

from randonumber import ledger
from randonumber.database import transaction
from randonumber.ledger import Move
from randonumber.ledger.accounts import OPENING, STRIPE_BALANCE
from randonumber.reconciliation.booking import lock
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import Balance, BalanceTransaction

CURRENCY: Final = "usd"
_READS: Final = 5


class UnsteadyBook(RuntimeError):
    """Stripe's book moved under every attempt to read it whole; try again when less is going on."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A Stripe account we know. `opening`: US cents it held from before `ours_from`; older rows are not ours."""

    account_id: str
    livemode: bool
    ours_from: datetime
    opening: int


@dataclass(frozen=True, kw_only=True)
class Book:
    """Stripe's own book at one moment: its rows, newest first, and what it says it holds, in US cents."""

    rows: list[BalanceTransaction]
    held: int


_FIND = text("""
    SELECT account_id, livemode, ours_from, opening FROM stripe_contacts
     WHERE account_id = :account_id AND livemode = :livemode
""")
_INSERT = text("""
    INSERT INTO stripe_contacts (account_id, livemode, ours_from, opening, transaction_id)
    VALUES (:account_id, :livemode, :ours_from, :opening, :transaction_id)
""")
_INSTALLED = text("SELECT date_trunc('second', created_at) FROM installation")


def contact() -> Contact:
    """Return the account of our key; the first time, read its book and post its opening figure.

    Raises StripeUnavailable, and UnsteadyBook when the first reading finds no quiet moment.
    """
    account_id = gateway().get_account().id
    livemode: bool = current_app.extensions["config"].livemode
    with transaction() as session:
        known = _find(session, account_id, livemode=livemode)
        ours_from: datetime = session.execute(_INSTALLED).scalar_one()
    if known:
        return known
    book = read_book(ours_from)
    ours = sum(row.net for row in book.rows if row.currency == CURRENCY)
    first = Contact(account_id=account_id, livemode=livemode, ours_from=ours_from, opening=book.held - ours)
    with transaction() as session:
        return _remember(session, first)


def read_book(since: datetime) -> Book:
    """Read rows and balance so that they belong together: the rows are the same before and after the balance.

    Raises StripeUnavailable, and UnsteadyBook after five attempts.
    """
    rows = gateway().list_balance_transactions(since)
    for _ in range(_READS):
        balance = gateway().get_balance()
        again = gateway().list_balance_transactions(since)
        if [row.id for row in rows] == [row.id for row in again]:
            return Book(rows=again, held=_held(balance))
        rows = again
    raise UnsteadyBook


def _held(balance: Balance) -> int:
    return balance.available + balance.pending + balance.connect_reserved


def _find(session: Session, account_id: str, *, livemode: bool) -> Contact | None:
    row = session.execute(_FIND, {"account_id": account_id, "livemode": livemode}).one_or_none()
    return Contact(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name for a row's columns


def _remember(session: Session, first: Contact) -> Contact:
    lock(session, first.account_id)
    if known := _find(session, first.account_id, livemode=first.livemode):
        return known
    transaction_id = _post_opening(session, first) if first.opening else None
    values = {
        "account_id": first.account_id,
        "livemode": first.livemode,
        "ours_from": first.ours_from,
        "opening": first.opening,
        "transaction_id": transaction_id,
    }
    session.execute(_INSERT, values)
    return first


def _post_opening(session: Session, first: Contact) -> int:
    """Post what the account held. Its test book and its live one have the same account id."""
    ref = f"{first.account_id}:live" if first.livemode else first.account_id
    source, destination = (STRIPE_BALANCE, OPENING) if first.opening > 0 else (OPENING, STRIPE_BALANCE)
    move = Move(source=source, destination=destination, amount=abs(first.opening))
    return ledger.post(session, kind="opening", ref=ref, entries=[move], actor="job:reconciliation").transaction_id
