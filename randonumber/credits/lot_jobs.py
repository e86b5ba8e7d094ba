"""What happens to lots by the clock: those whose time is over are booked, and buyers are told when few are left."""

from __future__ import annotations

import logging
from typing import Final

from randonumber.credits.service import expiring, low_balance
from randonumber.database import transaction
from randonumber.jobs import periodic

log = logging.getLogger(__name__)
AT_ONCE: Final = 500


@periodic("credits.expire_lots", "* * * * *")
def expire_lots() -> None:
    """Book the expiry of every lot that is due."""
    expire_due()


@periodic("credits.tell_low_balance", "*/5 * * * *")
def tell_low_balance() -> None:
    """Tell the buyers whose credits moved lately and run low."""
    low_balance.tell_recent()


@periodic("credits.tell_low_balance_of_all", "17 4 * * *")
def tell_low_balance_of_all() -> None:
    """Tell every buyer whose credits run low: whoever was missed while no worker ran."""
    low_balance.tell(since=None)


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
