"""The load client counts what a server really answered."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from benchmarks import client

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


def answer(link: socket.socket, served: list[int], piece: int) -> None:
    """Answer each request of a connection, in pieces of so many bytes."""
    body = b"x" * 300
    whole = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with link, contextlib.suppress(ConnectionError):  # at its end the client hangs up in the middle of an answer
        while link.recv(1_000) == REQUEST:
            served[0] += 1
            for start in range(0, len(whole), piece):
                link.sendall(whole[start : start + piece])


@pytest.fixture(params=[10_000, 64], ids=["whole", "in pieces"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[int, list[int]]]:
    """Yield the port of a server, and a count of the requests it has seen."""
    served = [0]
    threads = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            for _ in range(2):
                link, _ = listener.accept()
                thread = threading.Thread(target=answer, args=(link, served, request.param))
                thread.start()
                threads.append(thread)

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listener.getsockname()[1], served
        accepting.join()
        for thread in threads:
            thread.join()


def test_every_answer_is_counted_once(server: tuple[int, list[int]]) -> None:
    port, served = server
    seen = client.run(port, [REQUEST, REQUEST], 0.2)
    statuses = seen["statuses"]
    assert isinstance(statuses, dict)
    assert list(statuses) == ["201"]
    assert served[0] - 2 <= statuses["201"] <= served[0]


def test_the_length_of_an_answer_is_read_in_any_case() -> None:
    assert client.length_of(b"HTTP/1.1 200 OK\r\nCONTENT-Length: 12\r\nx: y") == 12
