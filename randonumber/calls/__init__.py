"""The journal of outbound writes to Stripe, and the rules that bring every unknown outcome to an end.

A feature registers its operations with `register`, writes what it wants within its own transaction with `plan`,
and afterwards calls `drive`, which tries at once. Whatever stays unknown is driven on by the worker.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from randonumber.calls import checks, jobs
from randonumber.calls.driver import Outcome, drive
from randonumber.calls.journal import cancel, hurry, plan
from randonumber.calls.operations import Call, NotNow, Operation, Refusal, UnknownOperation, register
from randonumber.failpoints import arm_from_environment

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "Call",
    "NotNow",
    "Operation",
    "Outcome",
    "Refusal",
    "UnknownOperation",
    "cancel",
    "drive",
    "hurry",
    "init_app",
    "jobs",
    "plan",
    "register",
]


def init_app(app: Flask) -> None:
    """Bind the journal's jobs and checks to the app. Raises FailpointsArmed outside tests."""
    config = app.extensions["config"]
    arm_from_environment(os.environ, may_arm=config.testing or (config.uses_sandbox and config.is_local))
    checks.register_checks()
