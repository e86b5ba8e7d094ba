"""How fast one caller may go: counted in the process that answers, or in a storage that all of them share."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING, Any, Final

from flask import current_app, g
from limits import parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from randonumber.errors import RateLimited, TryLater

if TYPE_CHECKING:
    from flask import Flask, Response

    from randonumber.api.callers import Caller

WORKERS: Final = "WEB_WORKERS"
"""The environment variable by which `serve` says how many processes answer."""


class Rates:
    """A limit, and where it is counted."""

    def __init__(self, rate: str, storage_uri: str | None, workers: int) -> None:
        whole = parse(rate)
        # Each worker counts alone: together they let through what was set, however requests are spread.
        share = whole.amount if storage_uri else max(1, whole.amount // workers)
        self.limit = type(whole)(share, whole.multiples)
        options: dict[str, Any] = {"wrap_exceptions": True} if storage_uri else {}
        self.counter = FixedWindowRateLimiter(storage_from_string(storage_uri or "memory://", **options))

    def count(self, subject: str) -> dict[str, str]:
        """Count one request and return the headers that tell about it; raises RateLimited.

        Raises TryLater when the storage does not answer: without a count nobody is let through.
        """
        try:
            is_within = self.counter.hit(self.limit, subject)
            window = self.counter.get_window_stats(self.limit, subject)
        except StorageError as error:
            message = "Requests cannot be counted at the moment; please try again."
            raise TryLater(message, headers={"Retry-After": "2"}) from error
        seconds = str(max(1, math.ceil(window.reset_time - time.time())))
        headers = {
            "RateLimit-Limit": str(self.limit.amount),
            "RateLimit-Remaining": str(max(0, window.remaining)),
            "RateLimit-Reset": seconds,
        }
        if not is_within:
            message = f"More than {self.limit}; wait {seconds} s."
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
    if headers := g.get("rate_headers"):
        response.headers.update(headers)
    return response
