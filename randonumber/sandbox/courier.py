"""The thread that carries webhooks to the app, a few at a time."""

import logging
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from randonumber.sandbox import clock, delivery
from randonumber.sandbox.delivery import Delivery, Outcome
from randonumber.sandbox.scope import Sandbox

logger = logging.getLogger(__name__)
AT_ONCE = 4
TIMEOUT_SECONDS = 10
IDLE_SECONDS = 60
SICK_SECONDS = 5
# An app that is being restarted is asked again soon, and costs next to nothing while it is away.
CLOSED_SECONDS = 0.25
MOST_ANSWER_BYTES = 64 * 1024


class Courier:
    """Delivers until it is stopped. What it had not finished is due again at the next start.

    An address where nobody answered gets nothing more for a moment, whatever else is due for it.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._stopping = threading.Event()
        self._carried: set[int] = set()
        self._closed_until: dict[str, float] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Deliver nothing more; requests under way are left to themselves."""
        self._stopping.set()
        self._sandbox.wake.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._sandbox.wake.clear()
            try:
                for one in self._next():
                    threading.Thread(target=self._carry, args=(one,), name="courier-post", daemon=True).start()
                pause = self._pause()
            except Exception:  # the worker's loop: what failed once must not end all delivery
                logger.exception("courier_cannot_read")
                pause = SICK_SECONDS
            self._sandbox.wake.wait(pause)

    def _next(self) -> list[Delivery]:
        with self._lock:
            skip, closed = self._left_alone()
        room = AT_ONCE - len(skip)
        found = delivery.due(self._sandbox, most=room, skip=skip, closed=closed) if room > 0 else []
        with self._lock:
            self._carried.update(one.id for one in found)
        return found

    def _left_alone(self) -> tuple[frozenset[int], frozenset[str]]:
        now = clock.real_now()
        self._closed_until = {url: until for url, until in self._closed_until.items() if until > now}
        return frozenset(self._carried), frozenset(self._closed_until)

    def _pause(self) -> float:
        with self._lock:
            skip, closed = self._left_alone()
            opening = min(self._closed_until.values(), default=None)
        if len(skip) == AT_ONCE:
            return IDLE_SECONDS
        due_at = delivery.next_due_at(self._sandbox, skip=skip, closed=closed)
        at = min((moment for moment in (due_at, opening) if moment is not None), default=None)
        return IDLE_SECONDS if at is None else min(max(at - clock.real_now(), 0.01), IDLE_SECONDS)

    def _carry(self, one: Delivery) -> None:
        outcome = None
        try:
            outcome = post(one)
            delivery.settle(self._sandbox, one, outcome)
        finally:
            with self._lock:
                self._carried.discard(one.id)
                if outcome is None or outcome.status is None:
                    self._closed_until[one.url] = clock.real_now() + CLOSED_SECONDS
            self._sandbox.wake.set()
        if not outcome.taken:
            logger.info("webhook_not_taken", extra={"event_id": one.event_id, "status": outcome.status})


def post(one: Delivery) -> Outcome:
    """Make the request; no redirects are followed, as Stripe follows none, and no proxy is asked."""
    try:
        parts = urlsplit(one.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        line = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        try:
            line.request(
                "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), one.body, one.headers
            )
            answer = line.getresponse()
            return Outcome(status=answer.status, answer=answer.read(MOST_ANSWER_BYTES).decode(errors="replace"))
        finally:
            line.close()
    except (OSError, HTTPException, ValueError) as error:
        return Outcome(status=None, answer=f"{type(error).__name__}: {error}")
