"""The jobs of auto top-up: one looks who runs low, the other leads a purchase to its payment."""

from __future__ import annotations

import logging
from typing import Final

from randonumber.credits.service import auto_topups, drive_calls
from randonumber.jobs import job, periodic

log = logging.getLogger(__name__)
AT_ONCE: Final = 200


@periodic("credits.auto_topups", "* * * * * */15")
def look() -> None:
    """Buy for everybody who runs low and allows it, and write down what came of earlier purchases."""
    look_at_all()


def look_at_all() -> int:
    """Act for everybody who is due, each in a transaction of its own, and return how many purchases began."""
    begun = after = 0
    while batch := auto_topups.due(after=after, limit=AT_ONCE):
        begun += sum(_act(user_id) is not None for user_id in batch)
        after = batch[-1]
    return begun


@job("credits.drive_auto_topup")
def drive(user_id: int, ref: str) -> None:
    """Lead an automatic purchase to its payment as far as Stripe lets it; what is left the journal drives on."""
    drive_calls(ref)
    auto_topups.act(user_id)


def _act(user_id: int) -> str | None:
    try:
        return auto_topups.act(user_id)
    except Exception:  # the worker's loop: one user must not keep the others
        log.exception("auto_topup_failed", extra={"user": user_id})
        return None
