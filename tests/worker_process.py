"""A worker in a process of its own, for tests that stop, kill or starve it: `python -m tests.worker_process`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from randonumber import Config, create_app, worker
from randonumber.jobs import conninfo, job
from randonumber.logs import configure_logging


@job("test.note")
def note(path: str, word: str, seconds: int = 0) -> None:
    """Write down that this job began, and after so many seconds that it ended."""
    write(path, f"{word} began")
    time.sleep(seconds)
    write(path, f"{word} ended")


def write(path: str, line: str) -> None:
    """Add a line to a file at once."""
    with Path(path).open("a") as file:
        file.write(line + "\n")


def main() -> None:
    """Serve, or drain with `--once`."""
    configure_logging()
    config = Config(
        database_uri=os.environ["TEST_DATABASE"],
        app_secret_key="test-" * 10,
        stripe_secret_key="sk_test_sandbox",
        stripe_api_base="http://127.0.0.1:9",
        stripe_quiet_seconds=1,
        testing=True,
    )
    app = create_app(config)
    with app.app_context():
        if "--once" in sys.argv:
            worker.drain()
        else:
            asyncio.run(worker.serve(conninfo()))


if __name__ == "__main__":
    main()
