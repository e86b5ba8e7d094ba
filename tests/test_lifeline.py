"""Processes whose supervisor or parent is killed without a word."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from randonumber import lifeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
# The package is entered without its __init__, which loads the whole app.
ENTER = f"""
import sys, types
package = types.ModuleType("randonumber")
package.__path__ = [{str(ROOT / "randonumber")!r}]
sys.modules["randonumber"] = package
from randonumber.lifeline import die_with_parent
"""


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv(lifeline.SUPERVISOR, raising=False)
    return monkeypatch


@pytest.fixture
def family() -> Iterator[list[psutil.Process]]:
    """Yield a list of processes that are killed at the end, whatever happens."""
    processes: list[psutil.Process] = []
    yield processes
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def run(program: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ENTER + program], stdout=subprocess.PIPE, text=True, env=os.environ | environment
    )


def test_without_a_supervisor_nothing_is_watched(environment: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    for value in (None, "", "no number"):
        if value is not None:
            environment.setenv(lifeline.SUPERVISOR, value)
        lifeline.die_with_parent()
        assert threading.active_count() == before


def test_one_watch_is_enough() -> None:
    program = "import threading\nfor _ in range(3): die_with_parent()\nprint(threading.active_count())"
    with run(program, APP_SUPERVISOR_PID=str(os.getpid())) as process:
        assert process.stdout
        assert process.stdout.read() == "2\n"


def test_a_supervisor_that_is_gone_already_ends_the_child_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with run("die_with_parent()\nimport time\ntime.sleep(60)", APP_SUPERVISOR_PID=str(gone.pid)) as process:
        assert process.wait(20) == -signal.SIGTERM


def test_a_supervisor_that_nobody_reaps_counts_as_gone() -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with run(
        "die_with_parent()\nprint(1, flush=True)\nimport time\ntime.sleep(60)", APP_SUPERVISOR_PID=str(supervisor.pid)
    ) as child:
        assert child.stdout
        child.stdout.readline()
        supervisor.kill()
        assert child.wait(3) == -signal.SIGTERM
    assert supervisor.wait() == -signal.SIGKILL


def test_a_worker_ends_after_its_parent_was_killed(tmp_path: Path, family: list[psutil.Process]) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        ENTER
        + "import multiprocessing, time\n"
        + "def work():\n    die_with_parent()\n    print('works', flush=True)\n    time.sleep(60)\n"
        + "if __name__ == '__main__':\n"
        + "    multiprocessing.get_context('spawn').Process(target=work).start()\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "works\n"
        family += psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
        until(lambda: not any(lives(process) for process in family), 3)


def test_workers_of_a_killed_web_server_leave_the_port(tmp_path: Path, family: list[psutil.Process]) -> None:
    (tmp_path / "tiny.py").write_text(
        ENTER
        + "import os\ndef make():\n    die_with_parent()\n    open(f'ready-{os.getpid()}', 'w').close()\n"
        + "    def app(environ, start):\n        start('200 OK', [])\n        return [b'ok']\n    return app\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--interface", "wsgi", "--factory", "--workers", "2", "--port", str(port), "--no-access-log"]
    command = [sys.executable, "-m", "granian", *options, "tiny:make"]

    def serves() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        family += [psutil.Process(server.pid)]
        until(lambda: serves() and len([*tmp_path.glob("ready-*")]) == 2, 30)
        family += family[0].children(recursive=True)
        server.kill()
        until(lambda: not serves(), 3)
        until(lambda: not any(lives(process) for process in family), 1)
