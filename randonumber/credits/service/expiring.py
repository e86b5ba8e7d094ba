"""Credits whose time is over: they leave their lot. Spending passes them by from that moment on, booked or not."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber import clock, ledger
from randonumber.database import transaction
from randonumber.ledger import Move, accounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
POSTING: Final = "expiry"
ACTOR: Final = "job:credits.expire_lots"

_DUE: Final = text("""
    SELECT id, lot_ref AS ref FROM accounts
     WHERE is_open AND expires_at <= :now AND id > :after
     ORDER BY id LIMIT :limit
""")
# Whoever waits for a draw here reads what the draw has left.
_LOCK: Final = text("""
    SELECT code, user_id, balance FROM accounts
     WHERE lot_ref = :ref AND is_open AND expires_at <= :now
       FOR NO KEY UPDATE
""")


@dataclass(frozen=True, kw_only=True)
class DueLot:
    """A lot whose time is over and whose expiry is not booked, with its place in the list."""

    id: int
    ref: str


def due_lots(*, after: int, limit: int) -> list[DueLot]:
    """Return lots that are due, by their ids, from the one behind `after` on."""
    with transaction() as session:
        rows = session.execute(_DUE, {"now": clock.now(), "after": after, "limit": limit})
        return [DueLot(id=row.id, ref=row.ref) for row in rows]


def expire_lot(session: Session, ref: str) -> bool:
    """Book the expiry of a lot, when its time is over and something is left. Never commits; safe to call again."""
    lot = session.execute(_LOCK, {"ref": ref, "now": clock.now()}).one_or_none()
    if lot is None:
        return False
    gone = Move(source=lot.code, destination=accounts.CREDITS_EXPIRED, amount=lot.balance)
    ledger.post(session, kind=POSTING, ref=ref, entries=[gone], actor=ACTOR, user_id=lot.user_id)
    log.info("lot_expired", extra={"lot": ref, "credits": lot.balance})
    return True
