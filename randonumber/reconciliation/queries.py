"""Figures of the mirror and of the ledger's side of it. Nothing here writes or locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, select, text

from randonumber import clock
from randonumber.reconciliation.booking import RESERVE
from randonumber.reconciliation.invariants import IN_FLIGHT
from randonumber.reconciliation.models import MirrorRow
from randonumber.stripe_gateway import BalanceTransaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from randonumber.reconciliation.contact import Contact


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the books say of one account at Stripe, in US cents; counts are rows of the mirror.

    `ledger` is what stands on `stripe:balance` without what is in flight, and without what other accounts' mirrors
    account for; `mirror` is the opening figure and the sum of net. `reserved` and `reserved_mirror` are the same for
    what Stripe has set aside on `stripe:reserve`.
    """

    matched: int
    unmatched: int
    unmatched_minor: int
    in_flight: int
    in_flight_minor: int
    ledger: int
    mirror: int
    reserved: int
    reserved_mirror: int


_FIGURES = text(f"""
    WITH mine AS (
        SELECT * FROM balance_transactions WHERE account_id = :account_id AND livemode = :livemode
    ), contact AS (
        SELECT opening, opening_reserved FROM stripe_contacts
         WHERE account_id = :account_id AND livemode = :livemode
    ), waiting AS (
        SELECT amount FROM mine WHERE unmatched_id IS NOT NULL AND resolution_id IS NULL
    ), in_flight AS ({IN_FLIGHT}),
    held AS (
        SELECT coalesce(sum(CASE WHEN house.id = entries.source_id THEN amount ELSE -amount END), 0) AS minor
          FROM accounts AS house JOIN entries ON house.id IN (entries.source_id, entries.destination_id)
         WHERE house.code = 'stripe:balance'
    ), everywhere AS (
        SELECT (SELECT coalesce(sum(opening), 0) FROM stripe_contacts)
               + (SELECT coalesce(sum(net), 0) FROM balance_transactions) AS minor
    ), mirror AS (
        SELECT (SELECT coalesce(sum(opening), 0) FROM contact) + (SELECT coalesce(sum(net), 0) FROM mine) AS minor
    ), reserve AS (
        SELECT (SELECT coalesce(sum(opening_reserved), 0) FROM contact)
               - (SELECT coalesce(sum(amount), 0) FROM mine WHERE type = :reserve) AS minor
    ), reserve_everywhere AS (
        SELECT (SELECT coalesce(sum(opening_reserved), 0) FROM stripe_contacts)
               - (SELECT coalesce(sum(amount), 0) FROM balance_transactions WHERE type = :reserve) AS minor
    ), set_aside AS (
        SELECT coalesce(sum(CASE WHEN house.id = entries.source_id THEN amount ELSE -amount END), 0) AS minor
          FROM accounts AS house JOIN entries ON house.id IN (entries.source_id, entries.destination_id)
         WHERE house.code = 'stripe:reserve'
    )
    SELECT (SELECT count(*) FROM mine) - (SELECT count(*) FROM waiting) AS matched,
           (SELECT count(*) FROM waiting) AS unmatched,
           (SELECT coalesce(sum(amount), 0) FROM waiting)::bigint AS unmatched_minor,
           (SELECT count(*) FROM in_flight) AS in_flight,
           (SELECT coalesce(sum(in_flight.held), 0) FROM in_flight)::bigint AS in_flight_minor,
           (held.minor - (SELECT coalesce(sum(in_flight.held), 0) FROM in_flight)
            - (everywhere.minor - mirror.minor))::bigint AS ledger,
           mirror.minor::bigint AS mirror,
           (set_aside.minor - (reserve_everywhere.minor - reserve.minor))::bigint AS reserved,
           reserve.minor::bigint AS reserved_mirror
      FROM held, everywhere, mirror, set_aside, reserve_everywhere, reserve
""")  # noqa: S608 - constants of the source alone
# One array: a list of parameters ends at 65,535.
_KNOWN = text("SELECT id FROM balance_transactions WHERE id = ANY (:ids)")
_NEWEST = text("""
    SELECT max(created_at) FROM balance_transactions WHERE account_id = :account_id AND livemode = :livemode
""")


def figures(session: Session, contact: Contact) -> Figures:
    """Return the figures of one account."""
    names = {"account_id": contact.account_id, "livemode": contact.livemode, "reserve": RESERVE}
    row = session.execute(_FIGURES, names).one()
    return Figures(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row's columns


def newest(session: Session, contact: Contact) -> datetime | None:
    """Return when the newest row of the mirror was made at Stripe; None while it is empty."""
    names = {"account_id": contact.account_id, "livemode": contact.livemode}
    found: datetime | None = session.execute(_NEWEST, names).scalar_one()
    return found


def mirrored(session: Session, contact: Contact, since: datetime) -> dict[str, BalanceTransaction]:
    """Return the rows of the mirror made at Stripe since then, by their id, as Stripe gave them."""
    query = select(MirrorRow).where(_of(contact), MirrorRow.created_at >= since)
    return {row.id: _as_given(row) for row in session.scalars(query)}


def unmatched(session: Session, contact: Contact) -> list[BalanceTransaction]:
    """Return the rows that nobody claimed and nobody resolved, oldest first."""
    query = select(MirrorRow).where(
        _of(contact), MirrorRow.unmatched_id.is_not(None), MirrorRow.resolution_id.is_(None)
    )
    return [_as_given(row) for row in session.scalars(query.order_by(MirrorRow.created_at, MirrorRow.id))]


def missing(session: Session, txns: Sequence[BalanceTransaction]) -> list[BalanceTransaction]:
    """Return those that the mirror does not have."""
    known = set(session.scalars(_KNOWN, {"ids": [txn.id for txn in txns]}))
    return [txn for txn in txns if txn.id not in known]


def _of(contact: Contact) -> ColumnElement[bool]:
    return and_(MirrorRow.account_id == contact.account_id, MirrorRow.livemode.is_(contact.livemode))


def _as_given(row: MirrorRow) -> BalanceTransaction:
    """Return the row as Stripe gave it; its status follows from the time and is not kept."""
    return BalanceTransaction(
        id=row.id,
        type=row.type,
        amount=row.amount,
        fee=row.fee,
        net=row.net,
        currency=row.currency,
        source_id=row.source_id,
        created_at=row.created_at,
        available_on=row.available_on,
        reporting_category=row.reporting_category,
        status="available" if row.available_on <= clock.now() else "pending",
    )
