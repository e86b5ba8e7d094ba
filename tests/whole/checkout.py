"""A copy of the product in a folder of its own, run by its own commands as a newcomer runs it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import requests

from randonumber.config import ROOT, names

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("randonumber", "migrations", "templates", "manage.py", ".env.example")


class Checkout:
    """The folder, and `manage.py up` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / part)
        self.port, self.sandbox_port = free_ports(2)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self.log = folder / "up.log"
        self._up: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The environment less every setting of ours."""
        clean = {key: value for key, value in os.environ.items() if key not in names()}
        return {**clean, "PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}

    def manage(self, *arguments: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with lines to read if it reads any."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self, *arguments: str, seconds: float = 60) -> None:
        """Start everything and wait until it says that it is up."""
        with self.log.open("wb") as log:
            self._up = subprocess.Popen(
                [sys.executable, "manage.py", "up", *arguments],
                cwd=self.folder,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_ready(seconds)

    def wait_ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            assert self._up is None or self._up.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def down(self) -> int:
        """End it as Ctrl-C does and return its exit code."""
        assert self._up is not None
        self._up.send_signal(signal.SIGINT)
        code = self._up.wait(timeout=30)
        self._up = None
        return code

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return the running processes below `up` whose command line has all the words."""
        assert self._up is not None
        below = psutil.Process(self._up.pid).children(recursive=True)
        return [process for process in below if set(words) <= set(_command_line(process))]

    def kill(self, *words: str) -> None:
        """Kill -9 the processes of a command."""
        found = self.processes(*words)
        assert found, words
        for process in found:
            process.kill()

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.base_url}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    sockets: list[Any] = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
