"""Runs the processes of the product side by side: one that dies is started again, and none is left behind.

Each child is a process group of its own, out of reach of the terminal's Ctrl-C: the supervisor alone hears it and
stops every child in order. What a dead child leaves running (the workers of a killed web server) is killed before
the child is started again. Where the supervisor itself is killed, `randonumber.lifeline` ends the children.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.error import URLError
from urllib.request import urlopen

from randonumber.lifeline import SUPERVISOR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 5.0
WELL_SECONDS: Final = 10.0
"""After running for so long a child counts as well: the next pause is the first again."""
GRACE_SECONDS: Final = 10.0
"""From SIGTERM to SIGKILL."""

_READY_POLL_SECONDS: Final = 0.1
_COLOURS: Final = (36, 35, 34, 33, 32)
_LONGEST_LINE: Final = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process to keep running; `env` is added to our own environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


def run(children: Sequence[Child], *, ready_url: str | None = None, on_ready: Callable[[], None] | None = None) -> int:
    """Keep the children running until SIGINT, SIGTERM or SIGHUP; returns 0 once all have gone.

    Their output goes to ours, each line after the name of its child. `on_ready` is called once, as soon as
    `ready_url` answers 2xx. A second signal kills at once. Call it from the main thread.
    """
    return asyncio.run(_run(children, ready_url, on_ready))


def answers(url: str) -> bool:
    """Whether a GET of this address gives a 2xx within a second."""
    try:
        with urlopen(url, timeout=1):  # noqa: S310 - an address of this machine, made by `up`
            return True
    except (URLError, OSError):
        return False


async def _run(children: Sequence[Child], ready_url: str | None, on_ready: Callable[[], None] | None) -> int:
    stop, kill = asyncio.Event(), asyncio.Event()
    _listen(stop, kill)
    width = max((len(child.name) for child in children), default=0)
    tasks = [
        asyncio.create_task(_keep(child, _prefix(child.name, width, index), stop, kill))
        for index, child in enumerate(children)
    ]
    if on_ready is not None:
        tasks.append(asyncio.create_task(_announce(ready_url, on_ready, stop)))
    await asyncio.gather(*tasks)
    return 0


def _listen(stop: asyncio.Event, kill: asyncio.Event) -> None:
    def hear() -> None:
        if stop.is_set():
            kill.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us in its background, ignoring them
        loop.add_signal_handler(number, hear)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup wants it
        loop.add_signal_handler(signal.SIGHUP, hear)


async def _announce(url: str | None, on_ready: Callable[[], None], stop: asyncio.Event) -> None:
    while url is not None and not await asyncio.to_thread(answers, url):
        if await _is_set_within(stop, _READY_POLL_SECONDS):
            return
    on_ready()


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def _keep(child: Child, prefix: bytes, stop: asyncio.Event, kill: asyncio.Event) -> None:
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        started = time.monotonic()
        outcome = await _live(child, prefix, stop, kill)
        if stop.is_set():
            return
        if time.monotonic() - started >= WELL_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        _write(prefix, f"{outcome}; starting it again in {pause:g} s".encode())
        await _is_set_within(stop, pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _live(child: Child, prefix: bytes, stop: asyncio.Event, kill: asyncio.Event) -> str:
    """Run a child until it ends or is told to; returns in words how it ended."""
    output, sink = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *child.argv,
            env={**os.environ, "PYTHONUNBUFFERED": "1", SUPERVISOR: str(os.getpid()), **child.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    except OSError as error:
        os.close(output)
        return f"could not be started: {error}"
    finally:
        os.close(sink)
    pump = asyncio.create_task(_pump(output, prefix))
    ended = asyncio.create_task(process.wait())
    try:
        await _either(ended, stop)
        if not ended.done():
            process.terminate()
            await _either(ended, kill, GRACE_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    code = await ended
    await asyncio.wait({pump}, timeout=1)
    pump.cancel()
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


async def _either(ended: asyncio.Task[int], event: asyncio.Event, seconds: float | None = None) -> None:
    """Wait for the end of a child, or for the event, or for so many seconds."""
    heard = asyncio.create_task(event.wait())
    await asyncio.wait({ended, heard}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    heard.cancel()


async def _pump(output: int, prefix: bytes) -> None:
    """Copy whole lines, each after the prefix, until every writer has gone."""
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    with os.fdopen(output, "rb", buffering=0) as pipe:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        try:
            rest = b""
            while chunk := await reader.read(_LONGEST_LINE):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    _write(prefix, line)
                if len(rest) > _LONGEST_LINE:
                    _write(prefix, rest)
                    rest = b""
            if rest:
                _write(prefix, rest)
        finally:
            transport.close()


def _prefix(name: str, width: int, index: int) -> bytes:
    text = f"{name:<{width}} | "
    if sys.stdout.isatty():
        text = f"\033[{_COLOURS[index % len(_COLOURS)]}m{text}\033[0m"
    return text.encode()


def _write(prefix: bytes, line: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads us any more: the children go on
        sys.stdout.flush()
        sys.stdout.buffer.write(prefix + line + b"\n")
        sys.stdout.buffer.flush()
