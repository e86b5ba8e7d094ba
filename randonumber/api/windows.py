"""Counting requests in the memory of one process: fixed windows of the clock.

The `limits` package counts in memory too, and starts a thread to clean up on nearly every hit: a fifth of the time
of a draw. Here a window is forgotten whole when the next one begins, so nothing needs to be cleaned.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

MOST_SUBJECTS: Final = 100_000
"""So many callers are counted apart in one window; the memory of a process has an end, and invented keys do not."""
REST: Final = "everybody else"


@dataclass(frozen=True, kw_only=True)
class Count:
    """Where a caller stands in the present window."""

    hits: int
    ends_in_seconds: int


class Windows:
    """Counts of one kind of window, for all threads of the process."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._window = 0
        self._hits: dict[str, int] = {}
        self._lock = threading.Lock()

    def hit(self, subject: str) -> Count:
        """Count one request of `subject` and return where it stands."""
        now = int(time.time())
        window = now // self._seconds
        with self._lock:
            if window != self._window:
                self._window = window
                self._hits = {}
            if subject not in self._hits and len(self._hits) >= MOST_SUBJECTS:
                subject = REST
            hits = self._hits[subject] = self._hits.get(subject, 0) + 1
        return Count(hits=hits, ends_in_seconds=(window + 1) * self._seconds - now)
