"""The one source of time. Everything that asks for the time asks here, so that a test can set it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_frozen: ContextVar[datetime | None] = ContextVar("frozen_time", default=None)


def now() -> datetime:
    """Return the present moment in UTC, with its time zone."""
    return _frozen.get() or datetime.now(UTC)


def from_timestamp(seconds: int) -> datetime:
    """Turn Unix seconds, as Stripe gives them, into an aware UTC moment."""
    return datetime.fromtimestamp(seconds, UTC)


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Let `now()` answer `moment` within the block, in this thread alone."""
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)
