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

WEB_FAILURES: Final = 3
WEB_RETRY_SECONDS: Final = 10
WORKER_FAILURES: Final = 5
WORKER_RETRY_SECONDS: Final = 2
"""The worker is asked by nobody who waits: it only must not hang with all its threads."""


class Breaker:
    """Opens after so many failures in a row, and then lets one request at a time try again, every few seconds."""

    def __init__(self, *, failures: int, retry_seconds: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._failures_to_open = failures
        self._retry_seconds = retry_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._is_probing = False
        self._next_try = monotonic()

    @property
    def is_open(self) -> bool:
        """Whether requests are answered without asking Stripe."""
        return self._failures >= self._failures_to_open

    def enter(self) -> None:
        """Raise StripeUnavailable at once when open, unless it is time for this one to try.

        Who enters says `failed` or `answered` afterwards.
        """
        with self._lock:
            if not self.is_open:
                return
            if self._is_probing or self._monotonic() < self._next_try:
                reason = "breaker open"
                raise StripeUnavailable(reason, was_sent=False)
            self._is_probing = True

    def failed(self) -> None:
        """Count a request that brought no answer at all."""
        with self._lock:
            self._failures += 1
            self._is_probing = False
            self._next_try = self._monotonic() + self._retry_seconds

    def answered(self) -> None:
        """Close: Stripe answered, whatever it said."""
        with self._lock:
            self._failures = 0
            self._is_probing = False


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
