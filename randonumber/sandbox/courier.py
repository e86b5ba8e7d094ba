"""The thread that carries webhooks to the app, a few at a time."""

import logging
import sqlite3
import threading

import requests

from randonumber.sandbox import clock, delivery
from randonumber.sandbox.delivery import Delivery, Outcome
from randonumber.sandbox.scope import Sandbox

logger = logging.getLogger(__name__)
AT_ONCE = 4
TIMEOUT_SECONDS = 10
IDLE_SECONDS = 60
SICK_SECONDS = 5


class Courier:
    """Delivers until it is stopped. What it had not finished is due again at the next start."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._stopping = threading.Event()
        self._carried: set[int] = set()
        self._carried_lock = threading.Lock()
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
            except sqlite3.Error:
                logger.exception("courier_cannot_read")
                pause = SICK_SECONDS
            self._sandbox.wake.wait(pause)

    def _next(self) -> list[Delivery]:
        with self._carried_lock:
            room = AT_ONCE - len(self._carried)
            skip = frozenset(self._carried)
        found = delivery.due(self._sandbox, most=room, skip=skip) if room > 0 else []
        with self._carried_lock:
            self._carried.update(one.id for one in found)
        return found

    def _pause(self) -> float:
        with self._carried_lock:
            skip = frozenset(self._carried)
        at = delivery.next_due_at(self._sandbox, skip=skip)
        if at is None or len(skip) == AT_ONCE:
            return IDLE_SECONDS
        return min(max(at - clock.real_now(), 0.01), IDLE_SECONDS)

    def _carry(self, one: Delivery) -> None:
        try:
            outcome = post(one)
            delivery.settle(self._sandbox, one, outcome)
        finally:
            with self._carried_lock:
                self._carried.discard(one.id)
            self._sandbox.wake.set()
        if not outcome.taken:
            logger.info("webhook_not_taken", extra={"event_id": one.event_id, "status": outcome.status})


def post(one: Delivery) -> Outcome:
    """Make the request; no redirects are followed, as Stripe follows none."""
    try:
        answer = requests.post(
            one.url, data=one.body, headers=one.headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        return Outcome(status=None, answer=f"{type(error).__name__}: {error}")
    return Outcome(status=answer.status_code, answer=answer.text)
