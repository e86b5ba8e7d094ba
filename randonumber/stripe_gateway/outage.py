"""The breaker of all web processes, kept in one row, so that it opens after the third failure of them all.

While it is open a job of the worker asks Stripe every few seconds, so that no visitor has to wait for the try that
finds Stripe back. Where no worker lives, a visitor's request does, once in ten seconds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber import clock
from randonumber.database import transaction
from randonumber.stripe_gateway.breaker import WEB_FAILURES, WEB_RETRY_SECONDS
from randonumber.stripe_gateway.errors import StripeUnavailable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PROBE_SECONDS: Final = 30
"""Longer than the worker's longest request (connect 3 s, read 20 s): so long a probe keeps others from trying."""

_STATE = text("SELECT failures FROM stripe_outage")
_TAKE_TRY = text(
    "UPDATE stripe_outage SET retry_at = :until WHERE failures >= :enough AND retry_at <= :now RETURNING 1"
)
# A request that was under way when a probe began fails later, and must not shorten the probe's time.
_FAILED = text("UPDATE stripe_outage SET failures = failures + 1, retry_at = GREATEST(retry_at, :until)")
_ANSWERED = text("UPDATE stripe_outage SET failures = 0 WHERE failures > 0")


class SharedBreaker:
    """Opens after three failures in a row, of whatever web process, and closes with the first answer."""

    def __init__(self) -> None:
        self._is_troubled = False

    @property
    def is_open(self) -> bool:
        """Whether requests are answered without asking Stripe. Opens a transaction of its own."""
        with transaction() as session:
            failures: int = session.execute(_STATE).scalar_one()
        return failures >= WEB_FAILURES

    def enter(self) -> None:
        """Raise StripeUnavailable at once when open, unless it is time for this one to try."""
        with transaction() as session:
            failures = session.execute(_STATE).scalar_one()
            self._is_troubled = failures > 0
            if failures < WEB_FAILURES or _take_try(session, WEB_RETRY_SECONDS):
                return
        reason = "breaker open"
        raise StripeUnavailable(reason, was_sent=False)

    def failed(self) -> None:
        """Count a request that brought no answer at all."""
        self._is_troubled = True
        with transaction() as session:
            session.execute(_FAILED, {"until": clock.now() + timedelta(seconds=WEB_RETRY_SECONDS)})

    def answered(self) -> None:
        """Close: Stripe answered, whatever it said."""
        if self._is_troubled:
            clear()
            self._is_troubled = False


def clear() -> None:
    """Let the web processes ask Stripe again."""
    with transaction() as session:
        session.execute(_ANSWERED)


def take_probe() -> bool:
    """Whether the breaker is open and this caller shall ask Stripe, which it then does at once and alone."""
    with transaction() as session:
        is_open: bool = session.execute(_STATE).scalar_one() >= WEB_FAILURES
        if is_open:
            until = clock.now() + timedelta(seconds=PROBE_SECONDS)
            session.execute(text("UPDATE stripe_outage SET retry_at = :until"), {"until": until})
    return is_open


def _take_try(session: Session, hold_seconds: int) -> bool:
    now = clock.now()
    parameters = {"now": now, "until": now + timedelta(seconds=hold_seconds), "enough": WEB_FAILURES}
    return session.execute(_TAKE_TRY, parameters).first() is not None
