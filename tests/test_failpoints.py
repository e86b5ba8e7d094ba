"""Failpoints do nothing outside tests, and nothing at all starts with one armed elsewhere."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from randonumber import create_app, failpoints

if TYPE_CHECKING:
    from randonumber import Config


def test_a_failpoint_that_is_not_armed_does_nothing() -> None:
    failpoints.arm({"elsewhere": "raise"})

    failpoints.failpoint("here")


def test_raise_happens_once() -> None:
    failpoints.arm({"here": "raise"})
    with pytest.raises(failpoints.FailpointRaised):
        failpoints.failpoint("here")

    failpoints.failpoint("here")


def test_sleep_waits() -> None:
    failpoints.arm_from_environment({"FAILPOINTS": "here:sleep=0, there:raise"}, may_arm=True)

    failpoints.failpoint("here")
    with pytest.raises(failpoints.FailpointRaised):
        failpoints.failpoint("there")


def test_kill_ends_the_process() -> None:
    program = (
        "from randonumber import failpoints; failpoints.arm({'here': 'kill'});"
        " failpoints.failpoint('here'); print('alive')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert (ended.returncode, ended.stdout) == (-9, b"")


def test_production_refuses_to_start_with_one_armed(test_config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILPOINTS", "before_settle:kill")
    production = replace(test_config, testing=False, stripe_api_base=None, base_url="https://example.com")

    with pytest.raises(failpoints.FailpointsArmed):
        create_app(production)
