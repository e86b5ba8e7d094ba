"""One PostgreSQL server: its data made, the server started, asked and stopped.

Whether a server is alive is never read from a process id, which another program may have by now. Every
process of the server inherits a locked file (`server.lock`), so that the kernel drops the lock when the last has
gone: that is right after kill -9, with zombies, and between containers that share the folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from randonumber.embedded import sockets
from randonumber.embedded.locks import close_lock, lock_at_once, open_lock
from randonumber.embedded.place import Place, PostgresDidNotStart

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLL_SECONDS: Final = 0.05
_SILENT_SECONDS: Final = 20
"""A server that lives but is silent for so long has lost its socket, and is started anew."""
_LEFTOVER_SECONDS: Final = 2
"""Processes of a killed server end by themselves within milliseconds, unless a query keeps them busy."""
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_SETTINGS: Final = {"listen_addresses": "", "unix_socket_permissions": "0700", "cluster_name": "randonumber"}
_CARELESS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def make_data(place: Place, *, durable: bool) -> None:
    """Make the data directory if there is none: whole or not at all. Raises PostgresDidNotStart."""
    if place.data.exists():
        return
    draft = place.folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    place.account.own(draft)
    options = ["--auth-local=trust", "--auth-host=reject", "--username=postgres", "--no-instructions"]
    # PostgreSQL's own collation sorts the same on every system, and after every update of it.
    options += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += [] if durable else ["--no-sync"]
    command: list[str | Path] = [place.programs / "bin" / "initdb", "-D", draft, *options]
    result = subprocess.run(command, check=False, capture_output=True, text=True, **_as_user(place))
    if result.returncode:
        message = f"initdb could not make {place.data}:\n{(result.stdout + result.stderr)[-2000:]}"
        raise PostgresDidNotStart(message)
    draft.rename(place.data)


def ensure_running(place: Place, *, durable: bool, wait_seconds: float) -> None:
    """Attach to the running server or start one; returns when it takes connections.

    Recovers from a killed server and from whatever it left. Raises PostgresDidNotStart with the log's end.
    """
    started = time.monotonic()
    launched = False
    while time.monotonic() < started + wait_seconds:
        with _server_lock(place) as lock:
            if lock_at_once(lock):  # no process of a server is alive
                if launched:
                    raise PostgresDidNotStart(_with_log(place, "PostgreSQL ended while it started"))
                _launch(place, lock, durable=durable)
                launched = True
        answer = _ping(place)
        if answer is Ping.OK:
            return
        limit = _LEFTOVER_SECONDS if _postmaster(place) is None else _SILENT_SECONDS
        if answer is not Ping.REJECT and not launched and time.monotonic() > started + limit:
            stop(place)
        time.sleep(_POLL_SECONDS)
    raise PostgresDidNotStart(_with_log(place, f"PostgreSQL took no connection within {wait_seconds:g} s"))


def stop(place: Place, *, patience_seconds: float = 30) -> None:
    """Stop the server, open sessions included; what has not ended after `patience_seconds` is killed.

    Where the whole folder was removed under a running server, it is killed at once.
    """
    _, socket = _recorded(place)
    postmaster = _postmaster(place)
    if postmaster is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            postmaster.send_signal(signal.SIGINT)
        _wait_until_gone(place, patience_seconds)
    for process in _processes(place):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    if place.folder.exists():
        _wait_until_gone(place, _LEFTOVER_SECONDS)
        sockets.remove(place, socket)
        if socket is not None and socket != place.data and sockets.is_own(place, socket):
            socket.rmdir()


def wait_for_end(place: Place) -> None:
    """Return when no process of the server is alive, or when its folder has gone; the kernel wakes us."""
    with contextlib.suppress(FileNotFoundError), _server_lock(place) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def socket_folder(place: Place) -> Path:
    """Return the folder of the running server's socket, 0700."""
    folder = _recorded(place)[1]
    if folder is None:
        message = f"no server runs on {place.data}"
        raise PostgresDidNotStart(message)
    return folder


def conninfo(socket: Path, *, connect_timeout: int) -> str:
    """Return libpq's words for the maintenance database; the time-out is in seconds."""
    return make_conninfo(
        host=str(socket), port=sockets.PORT, user="postgres", dbname="postgres", connect_timeout=connect_timeout
    )


def _launch(place: Place, lock: int, *, durable: bool) -> None:
    _, last = _recorded(place)
    for folder in (place.data, last):
        sockets.remove(place, folder)
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    log = place.folder / "log"
    if log.exists():
        log.replace(log.with_name("log.old"))
    settings = _SETTINGS | ({} if durable else _CARELESS)
    options = chain.from_iterable(("-c", f"{name}={value}") for name, value in settings.items())
    # Whoever was connected when the server was killed looks for it where it was.
    socket = last if last is not None and sockets.is_own(place, last) else sockets.make_folder(place)
    postgres = [place.programs / "bin" / "postgres", "-D", place.data, "-k", socket]
    # The shell starts it in the background and ends: the server is nobody's child, and in a session of its
    # own that no Ctrl-C reaches. The arguments are not parsed again.
    command = ["/bin/sh", "-c", '"$@" &', "sh", *map(str, postgres), *options]
    output = open_lock(log, place.account)
    try:
        subprocess.run(
            command,
            check=True,
            start_new_session=True,
            pass_fds=(lock,),
            stdout=output,
            stderr=output,
            **_as_user(place),
        )
    finally:
        close_lock(output)


def _as_user(place: Place) -> dict[str, Any]:
    return {"cwd": "/", "env": _ENVIRONMENT, "stdin": subprocess.DEVNULL, **place.account.switch}


@contextlib.contextmanager
def _server_lock(place: Place) -> Iterator[int]:
    lock = open_lock(place.folder / "server.lock", place.account)
    try:
        yield lock
    finally:
        close_lock(lock)


def _wait_until_gone(place: Place, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    with _server_lock(place) as lock:
        while not lock_at_once(lock) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


def _recorded(place: Place) -> tuple[int | None, Path | None]:
    """Return the process id and the socket's folder as the server wrote them, as far as they can be read."""
    try:
        lines = (place.data / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return None, None
    pid = int(lines[0]) if lines and re.fullmatch(r"\d{1,9}", lines[0]) else None
    socket = next((Path(line) for line in lines[4:5] if line.startswith("/")), None)
    return pid, socket


def _ping(place: Place) -> Ping:
    folder = _recorded(place)[1]
    if folder is None:
        return Ping.NO_RESPONSE
    return Ping(PGconn.ping(os.fsencode(conninfo(folder, connect_timeout=2))))


def _postmaster(place: Place) -> psutil.Process | None:
    pid = _recorded(place)[0]
    with contextlib.suppress(psutil.Error):
        if pid is not None and _serves(process := psutil.Process(pid), place):
            return process
    return None


def _processes(place: Place) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if _serves(process, place):
                yield process


def _serves(process: psutil.Process, place: Place) -> bool:
    """Whether it is a living process of this server, and not another program with its old id."""
    if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
        return False
    return Path(process.cwd()) == place.data


def _with_log(place: Place, message: str) -> str:
    log = place.folder / "log"
    tail = log.read_text(errors="replace")[-2000:] if log.exists() else "(empty)"
    return f"{message}. The end of {log}:\n{tail}"
