"""A short kill storm over withdrawals; `python -m tests.payouts.kill_storm --kills 500` is the long one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.config import ROOT
from randonumber.database import db

if TYPE_CHECKING:
    from flask import Flask


@pytest.mark.pain(17)
def test_processes_that_die_anywhere_lose_no_money_and_pay_nothing_twice(committed: Flask) -> None:
    address = db.engine.url.render_as_string(hide_password=False)
    environ = {**os.environ, "TEST_DATABASE": address}
    command = [sys.executable, "-m", "tests.payouts.kill_storm", "--kills", "12", "--seconds", "30"]
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_workers"))
    assert ended.returncode == 0, ended.stdout + ended.stderr[-2000:]
    assert json.loads(ended.stdout)["kills"] > 5
