"""A short kill storm for buying; `python -m tests.credits.kill_storm` runs a long one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from sqlalchemy import text

from randonumber.config import ROOT
from randonumber.database import db

if TYPE_CHECKING:
    from flask import Flask


def test_buyers_whose_processes_die_anywhere_pay_once_and_have_their_credits(committed: Flask) -> None:
    address = db.engine.url.render_as_string(hide_password=False)
    environ = {**os.environ, "TEST_DATABASE": address}
    command = [sys.executable, "-m", "tests.credits.kill_storm", "--presses", "40", "--seconds", "12"]
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_workers"))
    assert ended.returncode == 0, ended.stdout + ended.stderr[-2000:]
    assert json.loads(ended.stdout)["kills"] > 5
