"""What happens to lots by the clock: those whose time is over are booked as expired."""

from __future__ import annotations

import logging
from typing import Final

from randonumber.credits.service import expiring
from randonumber.database import transaction
from randonumber.jobs import periodic

log = logging.getLogger(__name__)
AT_ONCE: Final = 500


@periodic("credits.expire_lots", "* * * * *")
def expire_lots() -> None:
    """Book the expiry of every lot that is due."""
    expire_due()


def expire_due() -> int:
    """Book the expiry of every lot that is due, each in a transaction of its own, and return how many were."""
    expired = after = 0
    while batch := expiring.due_lots(after=after, limit=AT_ONCE):
        expired += sum(_expire(lot.ref) for lot in batch)
        after = batch[-1].id
    return expired


def _expire(ref: str) -> bool:
    try:
        with transaction() as session:
            return expiring.expire_lot(session, ref)
    except Exception:  # the worker's loop: one lot must not keep the others
        log.exception("lot_expiry_failed", extra={"lot": ref})
        return False
