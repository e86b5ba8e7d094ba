"""Refunds and disputes of a top-up, both made at Stripe: what is taken back of it, and what comes back.

What Stripe moved is booked, not what a status promises: what a reversal has taken and given back only grows, so that
readings may come late, twice and in any order. The wallet's owner bears all reversals of a top-up together up to what
was paid; what a refund and a dispute take beyond that is ours and stands in `disputes:held` until it is decided.
https://docs.stripe.com/refunds, https://docs.stripe.com/disputes/how-disputes-work
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.wallet import mails
from randonumber.wallet.models import ReversalKind, ReversalStatus, Topup, TopupReversal
from randonumber.wallet.service import reversal_booking as booking
from randonumber.wallet.service.completing import is_booked
from randonumber.wallet.service.rows import lock_topup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.wallet.service.reversal_reading import Shown

log = logging.getLogger(__name__)
CLOSED: Final = frozenset({ReversalStatus.DONE, ReversalStatus.UNDONE})


def bring_level(session: Session, ref: str, shown: Shown, *, actor: str) -> None:
    """Book what Stripe shows of a refund or dispute of the top-up `ref`. Never commits; safe to call again.

    An older reading changes nothing. A top-up that holds no money of this charge (in review, or the charge was a second
    payment) is left alone: that money stands in `unmatched`, and so does what is taken back of it.
    """
    topup = lock_topup(session, ref)
    if not is_booked(topup) or topup.payment_id != shown.payment_id or topup.currency != shown.currency:
        return
    is_new = _insert(session, topup, shown)
    row = _read(session, shown.stripe_id)
    before = row.status, row.taken_minor, row.given_back_minor
    taken, given_back = shown.taken_minor - row.taken_minor, shown.given_back_minor - row.given_back_minor
    if taken > 0:
        row.taken_minor += taken
        _move(session, topup, row, actor)
    if given_back > 0:
        row.given_back_minor += given_back
        _move(session, topup, row, actor)
    row.status = _status(row, shown)
    is_over = row.status in CLOSED or shown.is_decided
    if is_over:
        row.closed_at = row.closed_at or clock.now()
    elif row.status == ReversalStatus.OPEN:
        row.closed_at = None
    row.reason = shown.reason
    session.flush()
    booking.settle_excess(session, topup, row, has_open=_has_open(session, topup), actor=actor)
    if is_new or (row.status, row.taken_minor, row.given_back_minor) != before:
        _tell(session, topup, row, before=(before[1], before[2]), actor=actor)


def _insert(session: Session, topup: Topup, shown: Shown) -> bool:
    """Write a reversal down of which no money is known yet, and return whether it is new here."""
    row = {
        "stripe_id": shown.stripe_id,
        "topup_id": topup.id,
        "user_id": topup.user_id,
        "kind": shown.kind,
        "status": ReversalStatus.INQUIRY if shown.kind == ReversalKind.DISPUTE else ReversalStatus.OPEN,
        "amount_minor": shown.amount_minor,
        "created_at": shown.created_at,
    }
    statement = insert(TopupReversal).values(row).on_conflict_do_nothing().returning(TopupReversal.stripe_id)
    return session.execute(statement).scalar_one_or_none() is not None


def _read(session: Session, stripe_id: str) -> TopupReversal:
    """Return the row of a reversal as it is now: its top-up's lock guards it."""
    query = select(TopupReversal).where(TopupReversal.stripe_id == stripe_id)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def _status(row: TopupReversal, shown: Shown) -> ReversalStatus:
    """Return where a reversal is by the money of its row and of this reading, whichever is further."""
    if row.taken_minor and row.given_back_minor >= row.taken_minor:
        return ReversalStatus.UNDONE
    if row.status in CLOSED:
        return ReversalStatus(row.status)
    if shown.kind == ReversalKind.REFUND and shown.is_undone:
        return ReversalStatus.UNDONE  # it failed before its money went
    if row.taken_minor:
        return ReversalStatus.DONE if shown.is_decided else ReversalStatus.OPEN
    is_open = shown.claims_money or row.status == ReversalStatus.OPEN
    return ReversalStatus.OPEN if is_open else ReversalStatus.INQUIRY


def _move(session: Session, topup: Topup, row: TopupReversal, actor: str) -> None:
    """Let the top-up's figures follow its reversals, and book the difference."""
    session.flush()
    before = booking.Share(user_minor=topup.taken_minor, excess_minor=topup.excess_minor)
    in_force = func.greatest(0, TopupReversal.taken_minor - TopupReversal.given_back_minor)
    sums = (
        func.coalesce(func.sum(in_force).filter(TopupReversal.kind == kind), 0)
        for kind in (ReversalKind.REFUND, ReversalKind.DISPUTE)
    )
    refunded, disputed = session.execute(select(*sums).where(TopupReversal.topup_id == topup.id)).one()
    topup.refunded_minor, topup.disputed_minor = int(refunded), int(disputed)
    booking.book(session, topup, row, before, actor=actor)


def _has_open(session: Session, topup: Topup) -> bool:
    query = select(TopupReversal.id).where(
        TopupReversal.topup_id == topup.id,
        TopupReversal.kind == ReversalKind.DISPUTE,
        TopupReversal.status == ReversalStatus.OPEN,
    )
    return session.execute(query.limit(1)).scalar_one_or_none() is not None


def _tell(session: Session, topup: Topup, row: TopupReversal, *, before: tuple[int, int], actor: str) -> None:
    """Tell the owner of what was taken and what came back, and operators of every dispute and failed refund."""
    facts = {"reversal": row.stripe_id, "topup": topup.ref, "status": row.status, "actor": actor}
    log.warning("topup_reversal_changed", extra=facts)
    in_force_before, in_force = max(0, before[0] - before[1]), max(0, row.taken_minor - row.given_back_minor)
    owed = booking.owed(session, topup)
    if in_force > in_force_before:
        mails.tell_of_taking(session, topup, row, owed=owed)
    elif in_force < in_force_before:
        mails.tell_of_return(session, topup, row, amount_minor=in_force_before - in_force, owed=owed)
    if row.kind == ReversalKind.DISPUTE or row.status == ReversalStatus.UNDONE:
        mails.tell_operators_of_reversal(session, topup, row)
