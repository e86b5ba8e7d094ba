"""Withdrawals as an operator sees them: everybody's, with what the journal says of their transfers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber import clock

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.orm import Session

MOST: Final = 200
"""So many are shown at most, the oldest first: an operator works from that end."""


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A withdrawal and the newest attempt of its transfer; amounts in cents, `next_try_at` None: it waits for someone.

    `attempts` are keys, `sends` requests under the newest of them.
    """

    ref: str
    user_ref: str
    email: str
    status: str
    amount_minor: int
    fee_minor: int
    currency: str
    stripe_account_id: str
    transfer_id: str | None
    reason: str | None
    created_at: datetime
    waiting_since: datetime | None
    closed_at: datetime | None
    attempts: int
    sends: int
    call_status: str | None
    call_is_open: bool
    last_error: str | None
    alarm: str | None
    last_sent_at: datetime | None
    next_try_at: datetime | None

    @property
    def age(self) -> timedelta:
        """How long ago it was asked for."""
        return clock.now() - self.created_at

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.closed_at is None

    @property
    def net_minor(self) -> int:
        """What is transferred: the amount without the fee."""
        return self.amount_minor - self.fee_minor

    @property
    def where(self) -> str:
        """Where it is, in words."""
        if not self.is_open:
            return self.status
        if self.call_is_open and self.next_try_at is None:
            return "waiting for you"
        if self.waiting_since is not None:
            return "waiting for funds"
        return "unknown" if self.status == "sent" else "held"


_SELECT: Final = """
    SELECT withdrawals.ref, users.ref AS user_ref, users.email, withdrawals.status, amount_minor, fee_minor, currency,
           stripe_account_id, transfer_id, reason, withdrawals.created_at, waiting_since, withdrawals.closed_at,
           coalesce(call.attempt, 0) AS attempts, coalesce(call.sends, 0) AS sends, call.status AS call_status,
           coalesce(call.closed_at IS NULL AND call.status IS NOT NULL, false) AS call_is_open, call.last_error,
           call.alarm, call.last_sent_at, call.due_at AS next_try_at
      FROM withdrawals
      JOIN users ON users.id = withdrawals.user_id
      LEFT JOIN LATERAL (
          SELECT attempt, sends, status, closed_at, last_error, alarm, last_sent_at, due_at FROM stripe_calls
           WHERE operation = 'transfer.create' AND stripe_calls.ref = withdrawals.ref
           ORDER BY attempt DESC LIMIT 1
      ) AS call ON true
"""
_QUEUE: Final = text(f"{_SELECT} WHERE withdrawals.status IN ('held', 'sent') ORDER BY withdrawals.id LIMIT :most")
_ONE: Final = text(f"{_SELECT} WHERE withdrawals.ref = :ref")
_COUNT: Final = text("SELECT count(*) FROM withdrawals WHERE status IN ('held', 'sent')")


def queue(session: Session) -> list[Queued]:
    """Return the withdrawals that have not ended, oldest first, MOST of them."""
    return [Queued(**row._mapping) for row in session.execute(_QUEUE, {"most": MOST})]  # noqa: SLF001 - its columns


def count(session: Session) -> int:
    """Return how many withdrawals have not ended."""
    found: int = session.execute(_COUNT).scalar_one()
    return found


def find(session: Session, ref: str) -> Queued | None:
    """Return a withdrawal of anybody's, ended or not; None when there is none."""
    if "\x00" in ref:
        return None
    row = session.execute(_ONE, {"ref": ref}).one_or_none()
    return Queued(**row._mapping) if row else None  # noqa: SLF001 - its columns
