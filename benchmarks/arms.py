"""The arms: servers that sell a random number for a credit, and what a client sends to each."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final

import psutil
from sqlalchemy.engine import make_url

from benchmarks import ground
from randonumber.config import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY: Final = '{"type":"integer","min":1,"max":6,"n":1}'
UP_WITHIN_SECONDS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A running server and one request for each client."""

    name: str
    port: int
    requests: list[str]
    process_id: int


def post(header: str, body: str = BODY) -> str:
    """Return the bytes of a request, as text."""
    head = ["POST /api/v1/numbers HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", header]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", body])


@contextmanager
def app(address: str, keys: list[str], workers: int) -> Iterator[Arm]:
    """Run the product as `serve` runs it, with a rate limit that is counted and not reached."""
    port = free_port()
    environ = {
        "DATABASE_URI": ground.database(address, ground.OURS),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "API_RATE_LIMIT": "1000000/second",
        "STRIPE_SECRET_KEY": "sk_test_sandbox",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_sandbox",
        "STRIPE_WEBHOOK_SECRET": "whsec_sandbox",
        "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_sandbox_connect",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
    }
    serve = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(workers)]
    requests = [post(f"Authorization: Bearer {key}") for key in keys]
    with running(serve, environ, port) as process_id:
        yield Arm(name="app", port=port, requests=requests, process_id=process_id)


@contextmanager
def bare(address: str, keys: list[str], workers: int) -> Iterator[Arm]:
    """Run the bare handler on the same server with the same settings."""
    port = free_port()
    environ = {"BARE_CONNINFO": conninfo(address)}
    requests = [post(f"Authorization: Bearer {key}") for key in keys]
    with running([sys.executable, "-m", "benchmarks.bare", str(port), str(workers)], environ, port) as process_id:
        yield Arm(name="bare", port=port, requests=requests, process_id=process_id)


def conninfo(address: str) -> str:
    """Return the address of our database as libpq reads it."""
    url = make_url(ground.database(address, ground.OURS)).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


@contextmanager
def gringotts(address: str, python: Path, count: int, workers: int) -> Iterator[Arm]:
    """Run a draw sold through gringotts-api, on uvicorn and on the same PostgreSQL."""
    port = free_port()
    environ = {"DATABASE_URL": ground.database(address, ground.THEIRS)}

    def tell(*words: str) -> str:
        command = [str(python.with_name("gringotts")), *words]
        return subprocess.run(command, env=os.environ | environ, check=True, capture_output=True, text=True).stdout

    tell("init-db")
    made = [tell("create-user", f"bench-{number}", "--credits", str(ground.CREDITS)) for number in range(count)]
    keys = [next(word for word in answer.split() if word.startswith("gk_")) for answer in made]
    uvicorn = [str(python), "-m", "uvicorn", "gringotts_app:app", "--app-dir", str(ROOT / "benchmarks")]
    options = ["--port", str(port), "--workers", str(workers), "--no-access-log", "--log-level", "warning"]
    requests = [post(f"X-API-Key: {key}") for key in keys]
    with running(uvicorn + options, environ, port) as process_id:
        yield Arm(name="gringotts", port=port, requests=requests, process_id=process_id)


@contextmanager
def running(command: list[str], environ: dict[str, str], port: int) -> Iterator[int]:
    """Run a server until the block ends, and yield its process id; it must answer on its port within a minute."""
    log = ROOT / "instance" / f"bench-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environ, stdout=output, stderr=output, start_new_session=True
        )
        try:
            wait_until_up(process, port, log)
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    log.unlink()


def wait_until_up(process: subprocess.Popen[Any], port: int, log: Path) -> None:
    """Return once the server answers HTTP; raises RuntimeError with its output when it does not."""
    deadline = time.monotonic() + UP_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        link = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", "/none")
            link.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            link.close()
    message = f"{process.args!r} did not come up:\n{log.read_text()[-2000:]}"
    raise RuntimeError(message)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def measure(arm: Arm, seconds: float, database_id: int) -> dict[str, Any]:
    """Let a client of its own process load an arm for so long, and return what it saw.

    `server_us` and `database_us` are the processor time of an answer, in microseconds: unlike the speed they say
    little of what else the machine was doing.
    """
    told = json.dumps({"port": arm.port, "requests": arm.requests, "seconds": seconds})
    command = [sys.executable, str(ROOT / "benchmarks" / "client.py")]
    before = processor_seconds(arm.process_id), processor_seconds(database_id)
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=True, timeout=seconds + 60)
    after = processor_seconds(arm.process_id), processor_seconds(database_id)
    seen: dict[str, Any] = json.loads(done.stdout)
    if set(seen["statuses"]) != {"201"}:
        message = f"{arm.name} answered {seen['statuses']}"
        raise RuntimeError(message)
    answers = seen["statuses"]["201"]
    seen["server_us"] = round((after[0] - before[0]) / answers * 1e6)
    seen["database_us"] = round((after[1] - before[1]) / answers * 1e6)
    return seen


def _times(process: psutil.Process) -> Any:
    """Return what a process has used; None when it has ended meanwhile, as a database's helpers do at any moment."""
    try:
        return process.cpu_times()
    except psutil.NoSuchProcess:
        return None


def processor_seconds(process_id: int) -> float:
    """Return the processor time that a process and those it started have used, also those that have ended."""
    process = psutil.Process(process_id)
    used = [times for one in (process, *process.children(recursive=True)) if (times := _times(one))]
    return float(sum(times.user + times.system + times.children_user + times.children_system for times in used))
