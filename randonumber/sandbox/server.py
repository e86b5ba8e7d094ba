"""The sandbox as a server on loopback, which can really cut a connection."""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from types import FrameType
from typing import Any, NoReturn

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from randonumber.sandbox.courier import Courier
from randonumber.sandbox.wire.dispatch import as_envelope

HOST = "127.0.0.1"
PARENT_CHECK_SECONDS = 1.0
# How long the server waits for the next bytes of a request.
PATIENCE_SECONDS = 20
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class PlainHandler(WSGIRequestHandler):
    """Logs nothing of its own: the dashboard shows every request. Waits for nobody for ever."""

    timeout = PATIENCE_SECONDS

    def handle_expect_100(self) -> bool:
        """Leave `100 Continue` to Werkzeug, which sends it too."""
        return True

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name in http.server
        """Say nothing of what a client did wrong."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no HTTP in Stripe's envelope."""
        del explain
        self.request_version = self.protocol_version  # to what is no HTTP it would give no status
        status = HTTPStatus(code)
        answer = as_envelope(f"Invalid request: {message or status.phrase}", code)
        body = answer.get_data()
        self.send_response(code, status.phrase)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def version_string(self) -> str:
        """Name no version."""
        return "sandbox"


def acting_out(app: Wsgi) -> Wsgi:
    """Let the connection suffer what the app's private headers say."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        caught: dict[str, str] = {}

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            caught.update({name: value for name, value in headers if name.startswith("Sandbox-")})
            if caught.get("Sandbox-Fault", "").startswith("reset"):
                return None
            # The server writes a Date of its own, and two of them would read as one that is no date.
            shown = [(name, value) for name, value in headers if not name.startswith("Sandbox-") and name != "Date"]
            return start_response(status, shown, *rest)

        body = app(environ, start)
        return suffering(body, caught, environ) if "Sandbox-Fault" in caught else said(whole(body), environ)

    return wrapped


def whole(body: Iterable[bytes]) -> list[bytes]:
    """Return the whole body and close it, which lets go of an idempotency key.

    The server closes a body only after it has read what is left of the request, and a client that was killed makes
    that fail: its key would be in use for ever.
    """
    try:
        return list(body)
    finally:
        close = getattr(body, "close", None)
        if close:
            close()


def said(body: list[bytes], environ: dict[str, Any]) -> Iterator[bytes]:
    """Give the body, and then say that this was all.

    The server goes on to read what is left of a request that was too large, and would wait for a client that waits for
    the end of the answer.
    """
    yield from body or [b""]  # without a body, too, the head of the answer goes first
    line: socket.socket | None = environ.get("werkzeug.socket")
    if line:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_WR)


def suffering(body: Iterable[bytes], fault: dict[str, str], environ: dict[str, Any]) -> Iterator[bytes]:
    """Give the body late, by half, or never."""
    try:
        kind = fault["Sandbox-Fault"]
        if kind == "slow":
            time.sleep(float(fault["Sandbox-Fault-Seconds"]))
        if kind.startswith("reset"):
            cut(environ)
        for part in body:
            yield part[: len(part) // 2] if kind == "truncate" else part
            if kind == "truncate":
                cut(environ)
    finally:
        close = getattr(body, "close", None)
        if close:
            close()


def cut(environ: dict[str, Any]) -> NoReturn:
    """End the connection in the middle."""
    line: socket.socket = environ["werkzeug.socket"]
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError


def listen(app: Flask, port: int) -> BaseWSGIServer:
    """Return a threaded server on loopback, not yet serving. Raises OSError when the port is taken."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with probe:
        probe.bind((HOST, port))
    return make_server(HOST, port, acting_out(app), threaded=True, request_handler=PlainHandler)


def serve(app: Flask, port: int, *, announce: Callable[[int], None] = lambda _: None) -> None:
    """Serve and deliver until SIGINT or SIGTERM, which end it at once: what was under way is due at the next start."""
    courier = Courier(app.extensions["sandbox"])
    server = listen(app, port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    end_with_parent()
    courier.start()
    announce(server.server_port)
    server.serve_forever()


def leave(number: int, frame: FrameType | None) -> NoReturn:
    """End without waiting for threads: SQLite is consistent at any moment."""
    del number, frame
    sys.stdout.flush()
    os._exit(0)


def end_with_parent() -> None:
    """If APP_SUPERVISOR_PID names the parent, end when that process is gone."""
    parent = os.environ.get("APP_SUPERVISOR_PID", "")
    if parent.isdigit() and os.getppid() == int(parent):
        threading.Thread(target=watch, args=(int(parent),), name="parent", daemon=True).start()


def watch(parent: int) -> None:
    """Look once a second; a process whose parent died gets another one."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(0)
