"""Pages that wait for something to end: after how long they ask again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from randonumber import clock

if TYPE_CHECKING:
    from datetime import datetime

ASK_AGAIN_AFTER: Final = timedelta(seconds=1)
"""Several tabs on one payment, and the sweep, ask Stripe once in this time."""
PAUSES_SECONDS: Final = ((timedelta(minutes=1), 2), (timedelta(minutes=10), 5), (timedelta(hours=1), 15))
LONGEST_PAUSE_SECONDS: Final = 60


def pause_seconds(begun_at: datetime) -> int:
    """Return after how many seconds the page of a payment asks again: the older it is, the longer."""
    age = clock.now() - begun_at
    return next((pause for younger_than, pause in PAUSES_SECONDS if age < younger_than), LONGEST_PAUSE_SECONDS)
