"""Bringing the mirror level with Stripe: every row once, with its postings.

Our own posting comes first, the mirror's row later, never the other way: a charge whose purchase is behind is
brought level before its row is booked, so nothing of ours ends in `unmatched`.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import current_app

from randonumber.database import transaction
from randonumber.reconciliation import booking, queries, resolving
from randonumber.reconciliation.claims import claim_of
from randonumber.reconciliation.contact import CURRENCY, contact
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from randonumber.reconciliation.contact import Contact
    from randonumber.stripe_gateway import BalanceTransaction

log = logging.getLogger(__name__)

OVERLAP: Final = timedelta(hours=1)
"""How far back each reading goes behind the newest row that is known, so that a row which shows late is not missed."""
ACTOR: Final = "job:reconciliation"


def sync_mirror() -> int:
    """Bring the mirror level with Stripe and return how many rows that touched. Safe to call at any time, twice.

    Raises StripeUnavailable when Stripe does not answer; what was booked until then stays.
    """
    known = contact()
    with transaction() as session:
        since = starting_point(queries.newest(session, known), known, OVERLAP)
    return bring_level(known, gateway().list_balance_transactions(since)) + match_late(known)


def starting_point(newest: datetime | None, known: Contact, overlap: timedelta) -> datetime:
    """Return the moment from which Stripe's book is read."""
    return known.ours_from if newest is None else max(known.ours_from, newest - overlap)


def bring_level(known: Contact, rows: Sequence[BalanceTransaction]) -> int:
    """Mirror those of Stripe's rows (newest first) that are missing, oldest first; return how many were."""
    with transaction() as session:
        missing = queries.missing(session, [row for row in rows if can_be_booked(row)])
    for txn in reversed(missing):
        _mirror(known, txn)
    return len(missing)


def match_late(known: Contact) -> int:
    """Give rows that were booked to `unmatched` to a posting that claims them since; return how many.

    The booking to `unmatched` is undone by a posting of its own, so that the money stands once.
    """
    with transaction() as session:
        waiting = queries.unmatched(session, known)
    return sum(_match(txn) for txn in waiting)


def can_be_booked(txn: BalanceTransaction) -> bool:
    """Whether the books can hold the row. Others are told about and left out; `reconcile` names them."""
    if txn.currency != CURRENCY:
        log.error("balance_transaction_in_foreign_currency", extra={"txn": txn.id, "currency": txn.currency})
        return False
    if txn.net != txn.amount - txn.fee:
        log.error("balance_transaction_does_not_add_up", extra={"txn": txn.id, "net": txn.net})
        return False
    return True


def _mirror(known: Contact, txn: BalanceTransaction) -> None:
    claim = claim_of(_app(), txn)
    with transaction() as session:
        if booking.book(session, known, txn, claim, final=claim is None, actor=ACTOR):
            return
    if claim:
        try:
            claim.bring_level(txn)
        except StripeRefused as refusal:  # for good: booked to unmatched, matched late, and no stop for the rows behind
            log.error("balance_claim_refused", extra={"txn": txn.id, "code": refusal.code})  # noqa: TRY400
        except StripeUnavailable:
            raise
        except Exception:  # a bug of ours, the same: one row must not keep the mirror from all that follow
            log.exception("balance_claim_failed", extra={"txn": txn.id})
    with transaction() as session:
        booking.book(session, known, txn, claim, final=True, actor=ACTOR)


def _match(txn: BalanceTransaction) -> bool:
    claim = claim_of(_app(), txn)
    if claim is None:
        return False
    with transaction() as session:
        return resolving.match_late(session, txn, claim, actor=ACTOR)


def _app() -> Any:
    return current_app
