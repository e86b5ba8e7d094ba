"""The supervisor with real children, in a process of its own."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent

# The package is entered without its __init__, which loads the whole app.
ENTER = f"""
import sys, types
package = types.ModuleType("randonumber")
package.__path__ = [{str(ROOT / "randonumber")!r}]
sys.modules["randonumber"] = package
"""
SUPERVISE = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests run under nohup
from randonumber import supervisor
from randonumber.supervisor import Child, run
supervisor.GRACE_SECONDS = 0.5
"""
LOYAL = "from randonumber.lifeline import die_with_parent; die_with_parent()\n"
SLEEP = "import time\nprint('here', flush=True)\ntime.sleep(60)\n"


class Supervised:
    """A supervisor over children given as Python programs, by name."""

    def __init__(self, *, first: str = "", arguments: str = "", **programs: str) -> None:
        children = ", ".join(
            f"Child(name={name!r}, argv=[sys.executable, '-c', {ENTER + program!r}])"
            for name, program in programs.items()
        )
        program = f"{ENTER}{SUPERVISE}{first}\nsys.exit(run([{children}], {arguments}))"
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        self.seen: list[str] = []
        self.family: set[psutil.Process] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.meet()
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        for child in self.family:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def line(self, pattern: str) -> str:
        """Read on until a line of the output matches."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.seen.append(line)
            if re.search(pattern, line):
                return line.rstrip("\n")
        raise AssertionError("".join(self.seen))

    def meet(self) -> set[psutil.Process]:
        """Note the children and grandchildren that run now."""
        with suppress(psutil.NoSuchProcess):
            self.family |= set(psutil.Process(self.process.pid).children(recursive=True))
        return self.family

    def living(self) -> list[psutil.Process]:
        return [child for child in self.family if lives(child)]


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def test_each_line_stands_after_the_name_of_its_child() -> None:
    with Supervised(web=SLEEP, worker="print('a\\nb', end='', flush=True)\nimport time\ntime.sleep(60)") as up:
        up.line(r"^web    \| here$")
        assert up.line(r"^worker \| a$")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_child_in_order(number: signal.Signals) -> None:
    program = "import signal, time\nsignal.signal(15, lambda *_: (print('bye'), sys.exit()))\n" + SLEEP
    with Supervised(web=program, worker=program) as up:
        up.line("web .*here|worker .*here")
        up.line("web .*here|worker .*here")
        up.meet()
        up.process.send_signal(number)
        up.line("bye")
        up.line("bye")
        assert up.process.wait(10) == 0
        assert len(up.family) == 2
        assert up.living() == []


def test_a_child_that_ignores_the_stop_is_killed_after_the_grace() -> None:
    with Supervised(deaf="import signal\nsignal.signal(15, signal.SIG_IGN)\n" + SLEEP) as up:
        up.line("here")
        up.meet()
        started = time.monotonic()
        up.process.terminate()
        assert up.process.wait(10) == 0
        assert 0.5 <= time.monotonic() - started < 10
        assert up.living() == []


def test_a_second_signal_kills_at_once() -> None:
    deaf = "import signal\nsignal.signal(15, lambda *_: print('asked', flush=True))\n" + SLEEP + "time.sleep(60)\n"
    with Supervised(first="supervisor.GRACE_SECONDS = 600", deaf=deaf) as up:
        up.line("here")
        up.meet()
        os.kill(up.process.pid, signal.SIGINT)
        up.line("asked")
        os.kill(up.process.pid, signal.SIGINT)
        assert up.process.wait(30) == 0
        assert up.living() == []


def test_a_child_that_dies_is_started_again_after_growing_pauses() -> None:
    with Supervised(web="sys.exit(3)", worker=SLEEP) as up:
        pauses = [up.line("starting it again") for _ in range(3)]
        assert [re.search(r"in (\S+) s", line)[1] for line in pauses] == ["0.2", "0.4", "0.8"]  # type: ignore[index]
        assert all("ended with exit code 3" in line for line in pauses)
        up.process.terminate()
        assert up.process.wait(10) == 0


def test_the_pause_starts_anew_after_it_ran_well() -> None:
    with Supervised(first="supervisor.WELL_SECONDS = 0", web="sys.exit(3)") as up:
        assert "in 0.2 s" in up.line("starting it again")
        assert "in 0.2 s" in up.line("starting it again")


def test_the_pause_never_exceeds_five_seconds() -> None:
    with Supervised(first="supervisor.FIRST_PAUSE_SECONDS = 4", web="sys.exit(3)") as up:
        assert "in 4 s" in up.line("starting it again")
        assert "in 5 s" in up.line("starting it again")


def test_a_killed_child_comes_back_and_what_it_left_is_gone() -> None:
    parent = "import subprocess, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    with Supervised(web=parent + SLEEP) as up:
        up.line("here")
        child = psutil.Process(up.process.pid).children()[0]
        grandchild = child.children()[0]
        child.kill()
        up.line(r"web \| was ended by SIGKILL; starting it again in 0\.2 s")
        until(lambda: not lives(grandchild), 1)
        up.line("here")


def test_a_program_that_is_missing_does_not_stop_the_others() -> None:
    first = """
create = supervisor.asyncio.create_subprocess_exec
def lose_python(*argv, **options):
    return create("/nonexistent/program" if "lost" in argv[-1] else argv[0], *argv[1:], **options)
supervisor.asyncio.create_subprocess_exec = lose_python
"""
    with Supervised(first=first, gone="'lost'", web=SLEEP) as up:
        up.line(r"gone \| could not be started: .*No such file.*again in 0\.2 s")
        up.line(r"gone \| could not be started: .*No such file.*again in 0\.4 s")
        assert up.process.poll() is None


def test_the_children_of_a_killed_supervisor_end_within_three_seconds() -> None:
    stubborn = LOYAL + "import signal\nsignal.signal(15, signal.SIG_IGN)\n" + SLEEP
    with Supervised(web=LOYAL + SLEEP, worker=stubborn) as up:
        up.line("here")
        up.line("here")
        up.meet()
        up.process.kill()
        up.process.wait()
        until(lambda: up.living() == [], 10)
        assert len(up.family) == 2


def test_ready_is_told_once_when_the_address_answers(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "readyz").write_text("ok")
    server = f"""
import functools, http.server, time
time.sleep(0.5)
print("binds", flush=True)
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory={str(tmp_path)!r})
http.server.HTTPServer(("127.0.0.1", {port}), handler).serve_forever()
"""
    arguments = f"ready_url='http://127.0.0.1:{port}/readyz', on_ready=lambda: print('UP', flush=True)"
    with Supervised(arguments=arguments, web=server) as up:
        up.line("^UP$")
        assert any("binds" in line for line in up.seen)
        up.process.terminate()
        assert up.process.wait(10) == 0
        assert up.process.stdout
        assert "UP" not in up.process.stdout.read()


def test_a_stop_before_it_is_ready_ends_the_waiting() -> None:
    arguments = "ready_url='http://127.0.0.1:9/', on_ready=lambda: print('UP', flush=True)"
    with Supervised(arguments=arguments, web=SLEEP) as up:
        up.line("here")
        up.process.terminate()
        assert up.process.wait(5) == 0


def test_long_lines_and_bytes_that_are_no_text_pass_through() -> None:
    program = "import os, time\nos.write(1, b'x' * 300000 + b'\\n\\xff\\n' + b'end\\n')\ntime.sleep(60)"
    with Supervised(web=program) as up:
        up.line("end")
        assert sum(line.count("x") for line in up.seen) == 300_000


def test_colour_is_for_terminals_alone() -> None:
    with Supervised(web=SLEEP) as up:
        assert "\033" not in up.line("here")
    program = f"{ENTER}{SUPERVISE}run([Child(name='web', argv=[sys.executable, '-c', {SLEEP!r}])])"
    with ExitStack() as stack:
        ours, theirs = pty.openpty()
        stack.callback(os.close, ours)
        process = subprocess.Popen([sys.executable, "-c", program], stdout=theirs)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        os.close(theirs)
        seen = b""
        while b"here" not in seen:
            seen += os.read(ours, 1000)
        assert b"\033[36mweb | \033[0mhere" in seen
