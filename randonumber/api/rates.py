"""How fast one caller may go: counted in the process that answers, or in a storage that all of them share."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING, Final, Protocol

from flask import current_app, g
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from randonumber.api.windows import Count, Windows
from randonumber.errors import RateLimited, TryLater

if TYPE_CHECKING:
    from flask import Flask, Response

    from randonumber.api.callers import Caller

WORKERS: Final = "WEB_WORKERS"
"""The environment variable by which `serve` says how many processes answer."""


class Counter(Protocol):
    """Counts requests in windows of time."""

    def hit(self, subject: str) -> Count:
        """Count one request of `subject` and return where it stands."""


class SharedWindows:
    """Counts in a storage that all processes share, by the `limits` package.

    Raises TryLater when the storage does not answer: without a count nobody is let through.
    """

    def __init__(self, item: RateLimitItem, uri: str) -> None:
        self._item = item
        self._limiter = FixedWindowRateLimiter(storage_from_string(uri, wrap_exceptions=True))

    def hit(self, subject: str) -> Count:
        """Count one request of `subject` and return where it stands."""
        try:
            is_within = self._limiter.hit(self._item, subject)
            window = self._limiter.get_window_stats(self._item, subject)
        except StorageError as error:
            message = "Requests cannot be counted at the moment; please try again."
            raise TryLater(message, headers={"Retry-After": "2"}) from error
        hits = self._item.amount - window.remaining + (not is_within)
        return Count(hits=hits, ends_in_seconds=max(1, math.ceil(window.reset_time - time.time())))


class Rates:
    """A limit, and where it is counted."""

    def __init__(self, rate: str, storage_uri: str | None, workers: int) -> None:
        item = parse(rate)
        # Each worker counts alone: together they let through what was set, however requests are spread.
        self.limit = item.amount if storage_uri else max(1, item.amount // workers)
        self.words = str(item)
        self.counter: Counter = SharedWindows(item, storage_uri) if storage_uri else Windows(item.get_expiry())

    def count(self, subject: str) -> dict[str, str]:
        """Count one request and return the headers that tell about it; raises RateLimited."""
        count = self.counter.hit(subject)
        seconds = str(count.ends_in_seconds)
        headers = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - count.hits)),
            "RateLimit-Reset": seconds,
        }
        if count.hits > self.limit:
            message = f"The limit is {self.words}; wait {seconds} s."
            raise RateLimited(message, headers={**headers, "Retry-After": seconds})
        return headers


def init_app(app: Flask) -> None:
    """Make the app's own counter from its settings."""
    config = app.extensions["config"]
    workers = int(os.environ.get(WORKERS, "1"))
    app.extensions["api_rates"] = Rates(config.api_rate_limit, config.ratelimit_storage_uri, workers)


def count(caller: Caller) -> None:
    """Count the current request of `caller`; raises RateLimited."""
    rates: Rates = current_app.extensions["api_rates"]
    g.rate_headers = rates.count(caller.subject)


def tell(response: Response) -> Response:
    """Put on the answer what was counted for it."""
    response.headers.extend(g.get("rate_headers", {}))
    return response
