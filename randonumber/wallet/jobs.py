"""The jobs of top-ups: what is not paid is asked about, and what Stripe has the funds of becomes available."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from randonumber import clock, sweeps
from randonumber.database import transaction
from randonumber.jobs import job, periodic
from randonumber.stripe_gateway import StripeUnavailable
from randonumber.wallet.models import Topup, TopupStatus
from randonumber.wallet.service import refresh_topup
from randonumber.wallet.service.rows import lock_topup

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

log = logging.getLogger(__name__)
ACTOR: Final = "job:wallet.sweep_topups"
RELEASER: Final = "job:wallet.release_topups"
AT_ONCE: Final = 100
PUT_OFF: Final = timedelta(minutes=1)


@periodic("wallet.sweep_topups", "* * * * *")
def sweep_topups() -> None:
    """Ask about the pending top-ups that are due for it; without an answer they stay due, the first one last."""
    _quietly({TopupStatus.PENDING}, ACTOR)


@periodic("wallet.release_topups", "* * * * *")
def release_topups() -> None:
    """Make the paid top-ups available whose funds are free."""
    _quietly({TopupStatus.PAID}, RELEASER)


@job("wallet.release_soon")
def release_soon() -> None:
    """Do the same now: Stripe has told that funds became available."""
    _quietly({TopupStatus.PAID}, RELEASER)


def sweep_all() -> int:
    """Ask about every top-up that is not settled, due or not; return how many moved on. Raises StripeUnavailable."""
    statuses = {TopupStatus.PENDING, TopupStatus.PAID}
    return ask(unsettled(statuses, due_by=None, limit=None), ACTOR)


def unsettled(statuses: Collection[TopupStatus], *, due_by: datetime | None, limit: int | None) -> list[str]:
    """Return the top-ups in these states that Stripe knows of, the longest due first."""
    is_at_stripe = or_(Topup.checkout_session_id.is_not(None), Topup.payment_intent_id.is_not(None))
    query = select(Topup.ref).where(Topup.status.in_(statuses), is_at_stripe)
    if due_by is not None:
        query = query.where(Topup.next_check_at <= due_by)
    with transaction() as session:
        return list(session.execute(query.order_by(Topup.next_check_at).limit(limit)).scalars())


def ask(refs: list[str], actor: str) -> int:
    """Bring each top-up level with Stripe; how many moved on. Raises StripeUnavailable."""

    def has_moved(ref: str) -> bool:
        before = _status(ref)
        return refresh_topup(ref, actor=actor) != before

    return sweeps.ask_each(refs, has_moved, _put_off, what="topup")


def _quietly(statuses: Collection[TopupStatus], actor: str) -> None:
    try:
        ask(unsettled(statuses, due_by=clock.now(), limit=AT_ONCE), actor)
    except StripeUnavailable as error:
        log.warning("topup_sweep_put_off", extra={"reason": error.reason})


def _status(ref: str) -> str:
    with transaction() as session:
        return session.execute(select(Topup.status).where(Topup.ref == ref)).scalar_one()


def _put_off(ref: str) -> None:
    """Let the others go first next time."""
    with transaction() as session:
        lock_topup(session, ref).next_check_at = clock.now() + PUT_OFF
