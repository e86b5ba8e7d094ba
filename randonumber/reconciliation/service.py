"""Use cases of the mirror: bring it level with Stripe, compare it to the cent, resolve what nobody claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from randonumber import clock
from randonumber.database import transaction
from randonumber.reconciliation import mirroring, queries, resolving
from randonumber.reconciliation.contact import contact, read_book
from randonumber.reconciliation.mirroring import sync_mirror

if TYPE_CHECKING:
    from datetime import datetime

    from randonumber.reconciliation.contact import Book, Contact
    from randonumber.reconciliation.queries import Figures
    from randonumber.stripe_gateway import BalanceTransaction

__all__ = ["Report", "reconcile", "resolve", "sync_mirror"]

WINDOW: Final = timedelta(days=7)
"""How far back a comparison reads Stripe's rows; when the sums differ, it reads all of them."""
_READS: Final = 3


@dataclass(frozen=True, kw_only=True)
class UnmatchedRow:
    """A row that nobody here knows: what Stripe calls it, of which object, and how much of our money it moved."""

    id: str
    type: str
    source_id: str | None
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """Mirror, ledger and Stripe's balance at one cut-off, in US cents, each with what Stripe has set aside.

    `reserved_minor` is that part of Stripe's balance, `reserved_ledger_minor` what the ledger says of it.
    `difference` is what Stripe holds and the ledger does not say. `differing`: rows that the mirror has otherwise
    than Stripe, or that Stripe no longer has, or that the books cannot hold (a foreign currency, a net that does not
    add up). Unmatched rows are booked, so they make no difference; `unmatched_rows` names them. `in_flight` are
    postings whose row Stripe has not made yet.
    """

    cut_off: datetime
    account: str
    livemode: bool
    stripe_minor: int
    reserved_minor: int
    reserved_ledger_minor: int
    mirror_minor: int
    ledger_minor: int
    matched: int
    unmatched: int
    unmatched_minor: int
    unmatched_rows: list[UnmatchedRow]
    in_flight: int
    in_flight_minor: int
    differing: list[str]
    difference: int

    @property
    def agrees(self) -> bool:
        """Whether Stripe, mirror and ledger say the same."""
        is_level = self.difference == 0 and self.mirror_minor == self.stripe_minor
        return is_level and self.reserved_minor == self.reserved_ledger_minor and not self.differing


def reconcile() -> Report:
    """Bring the mirror level and compare it, the ledger and Stripe's balance at one cut-off.

    Raises StripeUnavailable, and UnsteadyBook when Stripe's book never holds still for two readings.
    """
    sync_mirror()
    known = contact()
    with transaction() as session:
        newest = queries.newest(session, known)
    report = _compare(known, mirroring.starting_point(newest, known, WINDOW))
    return report if report.agrees else _compare(known, known.ours_from)


def resolve(txn_id: str, kind: str, *, reason: str, actor: str, user: str | None = None) -> None:
    """Book an unmatched balance transaction to the account of `kind`, which for `wallet` is that of `user`.

    Raises NotUnmatched when it does not wait, NoSuchUser.
    """
    with transaction() as session:
        resolving.resolve(session, txn_id, kind, reason=reason, actor=actor, user=user)


def _compare(known: Contact, since: datetime) -> Report:
    """Compare with one reading of Stripe's book; read it again while the mirror runs ahead of the reading."""
    for _ in range(_READS):
        cut_off = clock.now()
        book = read_book(since)
        mirroring.bring_level(known, book.rows)
        with transaction() as session:
            mirrored = queries.mirrored(session, known, since)
            figures = queries.figures(session, known)
            strangers = queries.unmatched(session, known)
        if mirrored.keys() <= {row.id for row in book.rows}:
            break
    found = [
        UnmatchedRow(id=row.id, type=row.type, source_id=row.source_id, amount_minor=row.amount) for row in strangers
    ]
    return _report(known, cut_off, book, figures, found, _differing(book.rows, mirrored))


def _differing(rows: list[BalanceTransaction], mirrored: dict[str, BalanceTransaction]) -> list[str]:
    given = {row.id: _content(row) for row in rows}
    standing = {txn_id: _content(row) for txn_id, row in mirrored.items()}
    return sorted(txn_id for txn_id in given.keys() | standing.keys() if given.get(txn_id) != standing.get(txn_id))


def _content(row: BalanceTransaction) -> tuple[int, int, int, str, str | None]:
    return row.amount, row.fee, row.net, row.currency, row.source_id


def _report(
    known: Contact,
    cut_off: datetime,
    book: Book,
    figures: Figures,
    strangers: list[UnmatchedRow],
    differing: list[str],
) -> Report:
    stripe_minor = book.held + book.reserved
    ledger_minor = figures.ledger + figures.reserved
    return Report(
        cut_off=cut_off,
        account=known.account_id,
        livemode=known.livemode,
        stripe_minor=stripe_minor,
        reserved_minor=book.reserved,
        reserved_ledger_minor=figures.reserved,
        mirror_minor=figures.mirror + figures.reserved_mirror,
        ledger_minor=ledger_minor,
        matched=figures.matched,
        unmatched=figures.unmatched,
        unmatched_minor=figures.unmatched_minor,
        unmatched_rows=strangers,
        in_flight=figures.in_flight,
        in_flight_minor=figures.in_flight_minor,
        differing=differing,
        difference=stripe_minor - ledger_minor,
    )
