"""No process outlives the one that it serves, even where that one was killed without a word.

`up` tells its children its process id; the web server's workers know their parent. Both are watched.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import Final

import psutil

SUPERVISOR: Final = "APP_SUPERVISOR_PID"
"""The variable by which a supervisor makes itself known to its children."""

_EVERY_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 1.5


def die_with_parent() -> None:
    """End this process within 3 s after its supervisor or its parent has gone; safe to call again.

    It gets a SIGTERM first. Without a supervisor, and outside a worker of the web server, nothing happens.
    """
    if any(thread.name == __name__ for thread in threading.enumerate()):
        return
    if pids := _pids():
        threading.Thread(target=_watch, args=(pids,), name=__name__, daemon=True).start()


def _pids() -> list[int]:
    supervisor = os.environ.get(SUPERVISOR, "")
    parent = multiprocessing.parent_process()
    found = [int(supervisor)] if supervisor.isdecimal() else []
    return found if parent is None or parent.pid is None else [*found, parent.pid]


def _watch(pids: list[int]) -> None:
    try:
        watched = [psutil.Process(pid) for pid in pids]  # each knows when it was started: an id may come again
        while all(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in watched):
            time.sleep(_EVERY_SECONDS)
    except psutil.NoSuchProcess:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)
