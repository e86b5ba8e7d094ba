"""A mail to buyers whose credits run low: once for each lot that they bought, and only to whoever wants it.

Low is a tenth of what was bought last, or less: of a pack of ten the last credit, of a thousand the last hundred, so
that a purchase is never followed by the mail at once. A draw does nothing for it: a job looks at whoever moved credits.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, mail
from randonumber.credits.models import LowBalanceNotice
from randonumber.credits.wording import count_of_credits
from randonumber.database import transaction

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
LOOK_BACK: Final = timedelta(minutes=15)
"""Longer than the five minutes between two runs; whoever is missed all the same is found at night."""
PARTS: Final = 10
"""One part in so many of the last purchase is low."""
AT_ONCE: Final = 500

_RUNNING_LOW: Final = text("""
    SELECT users.id AS user_id, users.email, last.lot_ref, last.lot_credits, credits.remaining
      FROM users
     CROSS JOIN LATERAL (
           SELECT lot_ref, lot_credits FROM accounts
            WHERE accounts.user_id = users.id AND kind = 'lot' AND lot_source = 'purchase'
            ORDER BY id DESC LIMIT 1) AS last
      JOIN purchases ON purchases.lot_ref = last.lot_ref AND purchases.status = 'paid'
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(balance), 0)::bigint AS remaining FROM accounts
            WHERE accounts.user_id = users.id AND is_open AND (expires_at IS NULL OR expires_at > :now)) AS credits
      LEFT JOIN low_balance_notices AS notice ON notice.user_id = users.id
     WHERE users.active AND users.id > :after
       AND (cast(:since AS timestamptz) IS NULL
            OR users.id IN (SELECT user_id FROM transactions WHERE created_at > :since))
       AND credits.remaining * :parts <= last.lot_credits
       AND notice.lot_ref IS DISTINCT FROM last.lot_ref AND coalesce(notice.is_wanted, true)
       AND NOT EXISTS (SELECT FROM auto_topups
                        WHERE auto_topups.user_id = users.id AND enabled AND stopped_at IS NULL)
     ORDER BY users.id LIMIT :limit
""")


@dataclass(frozen=True, kw_only=True)
class RunningLow:
    """A buyer with `remaining` credits, of `lot_credits` that the last purchase brought."""

    user_id: int
    email: str
    lot_ref: str
    lot_credits: int
    remaining: int


def tell_recent() -> int:
    """Tell the buyers whose credits moved lately and run low; return how many were told."""
    return tell(since=clock.now() - LOOK_BACK)


def tell(*, since: datetime | None) -> int:
    """Tell every buyer whose credits run low, of those that moved since then, or of all; return how many were told."""
    told = after = 0
    while batch := running_low(since, after):
        for buyer in batch:
            with transaction() as session:
                told += _tell_one(session, buyer)
        after = batch[-1].user_id
    return told


def is_wanted(session: Session, user_id: int) -> bool:
    """Whether the user wants this mail, as everybody does who has not said otherwise."""
    query = select(LowBalanceNotice.is_wanted).where(LowBalanceNotice.user_id == user_id)
    return session.execute(query).scalar_one_or_none() is not False


def set_wanted(session: Session, user_id: int, *, wanted: bool) -> None:
    """Keep whether the user wants this mail. Never commits."""
    insertion = insert(LowBalanceNotice).values(user_id=user_id, is_wanted=wanted)
    update = {"is_wanted": insertion.excluded.is_wanted}
    session.execute(insertion.on_conflict_do_update(index_elements=["user_id"], set_=update))


def running_low(since: datetime | None, after: int) -> list[RunningLow]:
    """Return up to AT_ONCE buyers to be told, by their ids, from the one behind `after` on."""
    given = {"now": clock.now(), "since": since, "after": after, "parts": PARTS, "limit": AT_ONCE}
    with transaction() as session:
        return [RunningLow(**row) for row in session.execute(_RUNNING_LOW, given).mappings()]


def _tell_one(session: Session, buyer: RunningLow) -> bool:
    """Queue the mail, unless another worker has, or it is not wanted any more. Never commits."""
    row = {"user_id": buyer.user_id, "lot_ref": buyer.lot_ref, "sent_at": clock.now()}
    insertion = insert(LowBalanceNotice).values(row)
    is_due = LowBalanceNotice.lot_ref.is_distinct_from(buyer.lot_ref) & LowBalanceNotice.is_wanted
    update = {"lot_ref": insertion.excluded.lot_ref, "sent_at": insertion.excluded.sent_at}
    statement = insertion.on_conflict_do_update(index_elements=["user_id"], set_=update, where=is_due)
    if session.execute(statement.returning(LowBalanceNotice.user_id)).scalar_one_or_none() is None:
        return False
    base_url = current_app.extensions["config"].base_url
    what = count_of_credits(buyer.remaining)
    mail.queue(
        session,
        "low_balance",
        buyer.email,
        f"You have {what} left" if buyer.remaining else "Your credits are used up",
        what=what,
        is_empty=not buyer.remaining,
        bought=count_of_credits(buyer.lot_credits),
        buy=f"{base_url}/credits",
        switch=f"{base_url}/account#mails",
    )
    log.info("low_balance_told", extra={"user_id": buyer.user_id, "remaining": buyer.remaining})
    return True
