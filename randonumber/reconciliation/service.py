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
class Report:
    """Mirror, ledger and Stripe's balance at one cut-off, in US cents.

    `difference` is what Stripe holds and the ledger does not say. `differing`: rows that the mirror has otherwise
    than Stripe, or that Stripe no longer has, or in a currency that the books cannot hold. Unmatched rows are
    booked, so they make no difference. `in_flight` are postings whose row Stripe has not made yet.
    """

    cut_off: datetime
    account: str
    livemode: bool
    stripe_minor: int
    mirror_minor: int
    ledger_minor: int
    matched: int
    unmatched: int
    unmatched_minor: int
    in_flight: int
    in_flight_minor: int
    differing: list[str]
    difference: int

    @property
    def agrees(self) -> bool:
        """Whether Stripe, mirror and ledger say the same."""
        return self.difference == 0 and self.mirror_minor == self.stripe_minor and not self.differing


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


def resolve(txn_id: str, kind: str, *, reason: str, actor: str) -> None:
    """Book an unmatched balance transaction to the account of `kind`. Raises NotUnmatched when it does not wait."""
    with transaction() as session:
        resolving.resolve(session, txn_id, kind, reason=reason, actor=actor)


def _compare(known: Contact, since: datetime) -> Report:
    """Compare with one reading of Stripe's book; read it again while the mirror runs ahead of the reading."""
    for _ in range(_READS):
        cut_off = clock.now()
        book = read_book(since)
        mirroring.bring_level(known, book.rows)
        with transaction() as session:
            mirrored = queries.mirrored(session, known, since)
            figures = queries.figures(session, known)
        if mirrored.keys() <= {row.id for row in book.rows}:
            break
    return _report(known, cut_off, book, figures, _differing(book.rows, mirrored))


def _differing(rows: list[BalanceTransaction], mirrored: dict[str, BalanceTransaction]) -> list[str]:
    given = {row.id: _content(row) for row in rows}
    standing = {txn_id: _content(row) for txn_id, row in mirrored.items()}
    return sorted(txn_id for txn_id in given.keys() | standing.keys() if given.get(txn_id) != standing.get(txn_id))


def _content(row: BalanceTransaction) -> tuple[int, int, int, str, str | None]:
    return row.amount, row.fee, row.net, row.currency, row.source_id


def _report(known: Contact, cut_off: datetime, book: Book, figures: Figures, differing: list[str]) -> Report:
    return Report(
        cut_off=cut_off,
        account=known.account_id,
        livemode=known.livemode,
        stripe_minor=book.held,
        mirror_minor=figures.mirror,
        ledger_minor=figures.ledger,
        matched=figures.matched,
        unmatched=figures.unmatched,
        unmatched_minor=figures.unmatched_minor,
        in_flight=figures.in_flight,
        in_flight_minor=figures.in_flight_minor,
        differing=differing,
        difference=book.held - figures.ledger,
    )
