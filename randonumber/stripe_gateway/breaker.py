"""What keeps a web server answering while Stripe does not: a breaker, and a bound on how many threads may wait.

Both count in one process. The figures are those of reliability.md section 4.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from randonumber.stripe_gateway.errors import StripeUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAILURES_TO_OPEN: Final = 3
RETRY_SECONDS: Final = 10


class Breaker:
    """Opens after the third failure in a row, and then lets one request try again every ten seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        """Whether requests are answered without asking Stripe."""
        return self._failures >= FAILURES_TO_OPEN

    def enter(self) -> None:
        """Raise StripeUnavailable at once when open, unless it is time for one request to try."""
        with self._lock:
            if not self.is_open:
                return
            if self._monotonic() < self._next_try:
                reason = "breaker open"
                raise StripeUnavailable(reason, was_sent=False)
            self._next_try = self._monotonic() + RETRY_SECONDS

    def failed(self) -> None:
        """Count a request that brought no answer at all."""
        with self._lock:
            self._failures += 1
            self._next_try = self._monotonic() + RETRY_SECONDS

    def answered(self) -> None:
        """Close: Stripe answered, whatever it said."""
        with self._lock:
            self._failures = 0


class Places:
    """Never more than half of the web threads wait for Stripe, so that pages without Stripe stay fast."""

    def __init__(self, web_threads: int) -> None:
        self._free = threading.BoundedSemaphore(max(1, web_threads // 2))

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a place within the block; raises StripeUnavailable at once when none is free."""
        if not self._free.acquire(blocking=False):
            reason = "too many requests wait for Stripe"
            raise StripeUnavailable(reason, was_sent=False)
        try:
            yield
        finally:
            self._free.release()
