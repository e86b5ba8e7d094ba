"""What comes over the line without good manners is answered in Stripe's envelope, and holds up nobody else."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from randonumber.sandbox import create_sandbox, server
from randonumber.sandbox.wiring import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"Host: 127.0.0.1\r\nAuthorization: Bearer sk_test_one\r\n"
FORM = b"POST /v1/customers HTTP/1.1\r\n" + HEAD + b"Content-Type: application/x-www-form-urlencoded\r\n"
LIST = b"GET /v1/customers HTTP/1.1\r\n" + HEAD + b"\r\n"
TEN_MEGABYTES = 10 * 1024 * 1024
CHUNK = b"10000\r\n" + b"a" * 65536 + b"\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A sandbox on a real port."""
    listening = server.listen(create_sandbox(strict=True), 0)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield listening.server_port
    listening.shutdown()
    thread.join()
    listening.server_close()


def say(port: int, *parts: bytes) -> tuple[int, bytes]:
    """Send bytes, read until the other side ends; the last status and the body."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as line:
        for part in parts:
            line.sendall(part)
        found = b""
        while piece := line.recv(65536):
            found += piece
    head, _, body = found.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize("size", [MOST_BYTES + 1, TEN_MEGABYTES, 30 * 1024 * 1024])
def test_a_body_that_is_too_large_is_413_to_the_end(port: int, size: int) -> None:
    status, body = say(port, FORM + b"Content-Length: %d\r\n\r\na=" % size, b"x" * (size - 2))
    assert status == 413
    assert json.loads(body)["error"]["message"] == "The request body is too large."


def test_a_body_in_chunks_has_the_same_limit(port: int) -> None:
    assert say(port, FORM + b"Transfer-Encoding: chunked\r\n\r\n6\r\nname=a\r\n0\r\n\r\n")[0] == 200
    status, body = say(port, FORM + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK * 160, b"0\r\n\r\n")
    assert (status, json.loads(body)["error"]["type"]) == (413, "invalid_request_error")


ROUGH = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    "a long address": b"GET /v1/customers?" + b"x" * 70_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a long header": b"GET /v1/customers HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n" + HEAD + b"\r\n",
    "many headers": b"GET /v1/customers HTTP/1.1\r\n" + HEAD + b"X: 1\r\n" * 200 + b"\r\n",
    "a length below zero": FORM + b"Content-Length: -5\r\n\r\n",
    "a length in words": FORM + b"Content-Length: ten\r\n\r\n",
    "a chunk of no size": FORM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nname=a\r\n0\r\n\r\n",
    "an unknown method": b"BREW /v1/customers HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a key of odd bytes": b"GET /v1/customers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
    "an address of odd bytes": b"GET /v1/customers/\xff%ff%00 HTTP/1.1\r\n" + HEAD + b"\r\n",
}


@pytest.mark.parametrize("rough", ROUGH)
def test_what_is_rough_is_refused_in_stripes_envelope(port: int, rough: str) -> None:
    status, body = say(port, ROUGH[rough])
    assert 400 <= status < 500
    error = json.loads(body)["error"]
    assert error["type"] == "invalid_request_error"
    assert len(error["message"]) < 1000


def test_a_client_that_asks_before_it_sends_is_told_once_to_go_on(port: int) -> None:
    status, _ = say(port, FORM + b"Expect: 100-continue\r\nContent-Length: 6\r\n\r\nname=a")
    assert status == 200


def test_clients_that_never_finish_hold_up_nobody_and_are_left(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.PlainHandler, "timeout", 1)
    starts = (b"GET /v1/cust", FORM + b"Content-Length: 100\r\n\r\nna", b"")
    held = [socket.create_connection(("127.0.0.1", port), timeout=15) for _ in range(60)]
    for number, line in enumerate(held):
        line.sendall(starts[number % 3])
    began = time.monotonic()
    assert say(port, LIST)[0] == 200
    assert time.monotonic() - began < 5
    for line in held:
        while line.recv(65536):
            pass
        line.close()
