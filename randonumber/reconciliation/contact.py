"""The first contact with a Stripe account: what it held before our time is its opening figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import text

from randonumber import ledger
from randonumber.database import transaction
from randonumber.ledger import Move
from randonumber.ledger.accounts import OPENING, STRIPE_BALANCE, STRIPE_RESERVE
from randonumber.reconciliation.booking import is_reserve, lock
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

CURRENCY: Final = "usd"
_READS: Final = 5


class UnsteadyBook(RuntimeError):
    """Stripe's book moved under every attempt to read it whole; try again when less is going on."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A Stripe account we know. `opening`: US cents it held from before `ours_from`; older rows are not ours.

    `opening_reserved`: what it had set aside then for connected accounts below zero.
    """

    account_id: str
    livemode: bool
    ours_from: datetime
    opening: int
    opening_reserved: int = 0


@dataclass(frozen=True, kw_only=True)
class Book:
    """Stripe's own book at one moment: its rows, newest first, and what it says it holds, in US cents.

    `held` is what the rows come to (available and pending). `reserved` is set aside beside it, for connected accounts
    below zero; a row of its own has moved each cent of it.
    https://docs.stripe.com/connect/account-balances#understanding-connected-reserve-balances
    """

    rows: list[BalanceTransaction]
    held: int
    reserved: int


_FIND = text("""
    SELECT account_id, livemode, ours_from, opening, opening_reserved FROM stripe_contacts
     WHERE account_id = :account_id AND livemode = :livemode
""")
_INSERT = text("""
    INSERT INTO stripe_contacts (account_id, livemode, ours_from, opening, opening_reserved, transaction_id)
    VALUES (:account_id, :livemode, :ours_from, :opening, :opening_reserved, :transaction_id)
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
    first = _first(account_id, book, livemode=livemode, ours_from=ours_from)
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
            held = balance.available + balance.pending
            return Book(rows=again, held=held, reserved=balance.connect_reserved)
        rows = again
    raise UnsteadyBook


def _first(account_id: str, book: Book, *, livemode: bool, ours_from: datetime) -> Contact:
    """Return the contact that a first reading makes: what its rows do not explain was there before us."""
    ours = [row for row in book.rows if row.currency == CURRENCY]
    return Contact(
        account_id=account_id,
        livemode=livemode,
        ours_from=ours_from,
        opening=book.held - sum(row.net for row in ours),
        opening_reserved=book.reserved + sum(row.amount for row in ours if is_reserve(row)),
    )


def _find(session: Session, account_id: str, *, livemode: bool) -> Contact | None:
    row = session.execute(_FIND, {"account_id": account_id, "livemode": livemode}).one_or_none()
    return Contact(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name for a row's columns


def _remember(session: Session, first: Contact) -> Contact:
    lock(session, first.account_id)
    if known := _find(session, first.account_id, livemode=first.livemode):
        return known
    transaction_id = _post_opening(session, first)
    values = {
        "account_id": first.account_id,
        "livemode": first.livemode,
        "ours_from": first.ours_from,
        "opening": first.opening,
        "opening_reserved": first.opening_reserved,
        "transaction_id": transaction_id,
    }
    session.execute(_INSERT, values)
    return first


def _post_opening(session: Session, first: Contact) -> int | None:
    """Post what the account held; None when that was nothing. Its test book and its live one have one account id."""
    ref = f"{first.account_id}:live" if first.livemode else first.account_id
    standing = {STRIPE_BALANCE: first.opening, STRIPE_RESERVE: first.opening_reserved}
    moves = [_opening_move(account, minor) for account, minor in standing.items() if minor]
    if not moves:
        return None
    return ledger.post(session, kind="opening", ref=ref, entries=moves, actor="job:reconciliation").transaction_id


def _opening_move(account: str, minor: int) -> Move:
    source, destination = (account, OPENING) if minor > 0 else (OPENING, account)
    return Move(source=source, destination=destination, amount=abs(minor))
