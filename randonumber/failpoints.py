"""Places where a test may kill the process, raise or wait. Without the arming of a test they do nothing.

`FAILPOINTS=after_intent:kill,before_settle:sleep=2` arms two of them in a process of a test, or of one that has the
sandbox for Stripe on this machine. Anything else refuses to start while the variable is set.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "FAILPOINTS"

_armed: dict[str, str] = {}


class FailpointRaised(BaseException):
    """A failpoint was armed to raise. No handler for errors catches it: it stands for a process that dies here."""


class FailpointsArmed(RuntimeError):
    """Failpoints are armed outside a test: the app must not start."""


def arm(points: Mapping[str, str]) -> None:
    """Arm these places, and no others: `kill`, `raise`, or `sleep=SECONDS`. For tests, in their own process."""
    _armed.clear()
    _armed.update(points)


def arm_from_environment(environ: Mapping[str, str], *, may_arm: bool) -> None:
    """Arm what the environment names. Raises FailpointsArmed where that may not be."""
    given = environ.get(VARIABLE, "").strip()
    if not given:
        return
    if not may_arm:
        message = f"{VARIABLE} is set: it makes the app fail on purpose, and is for tests alone"
        raise FailpointsArmed(message)
    arm(dict(point.strip().split(":", 1) for point in given.split(",")))


def failpoint(name: str) -> None:
    """Do what is armed for this place: nothing outside tests."""
    action = _armed.get(name) if _armed else None
    if action is None:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        del _armed[name]
        raise FailpointRaised(name)
    time.sleep(int(action.removeprefix("sleep=")))
