"""A load client in one thread: a connection per request given, each sends again as soon as it was answered.

It speaks as little HTTP as the servers allow, so that it leaves the machine to them. As a program it reads what
to send from standard input and prints what it saw, both as JSON; its own use of the processor is a part of that.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"
READ_SIZE: Final = 65_536
PATIENCE_SECONDS: Final = 20


@dataclass(kw_only=True)
class Caller:
    """One connection, the request it repeats, and what has arrived of the answer."""

    link: socket.socket
    request: bytes
    arrived: bytearray = field(default_factory=bytearray)
    sent_at: float = 0.0

    def send(self) -> None:
        """Send the request; it is short enough to go out at once."""
        self.sent_at = time.perf_counter()
        self.link.sendall(self.request)

    def read(self) -> bytes | None:
        """Return a whole answer, or None while a part of it is missing."""
        piece = self.link.recv(READ_SIZE)
        if not piece:
            message = "the server closed a connection"
            raise ConnectionError(message)
        self.arrived += piece
        head, found, body = self.arrived.partition(HEAD_END)
        if not found or len(body) < length_of(bytes(head)):
            return None
        answer = bytes(self.arrived)
        self.arrived.clear()
        return answer


def length_of(head: bytes) -> int:
    """Return the Content-Length of an answer's head."""
    lower = head.lower()
    start = lower.index(LENGTH) + len(LENGTH)
    return int(lower[start:].partition(b"\r\n")[0])


def run(port: int, requests: list[bytes], seconds: float) -> dict[str, object]:
    """Send each request again and again on its own connection, and return what was answered."""
    callers = [Caller(link=socket.create_connection(("127.0.0.1", port), 5), request=item) for item in requests]
    statuses: Counter[int] = Counter()
    waits: list[float] = []
    with selectors.DefaultSelector() as selector:
        for caller in callers:
            caller.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(caller.link, selectors.EVENT_READ, caller)
            caller.send()
        start = time.perf_counter()
        while (moment := time.perf_counter()) < start + seconds:
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                message = f"no answer in {PATIENCE_SECONDS} s"
                raise TimeoutError(message)
            for key, _ in ready:
                caller = key.data
                if answer := caller.read():
                    statuses[int(answer[9:12])] += 1
                    waits.append(time.perf_counter() - caller.sent_at)
                    caller.send()
        lasted = moment - start
        for caller in callers:
            caller.link.close()
    return summary(statuses, sorted(waits), lasted)


def summary(statuses: Counter[int], waits: list[float], seconds: float) -> dict[str, object]:
    """Return the figures of a run: answers per second, waits in milliseconds, and the client's own share of a core."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "per_second": round(sum(statuses.values()) / seconds, 1),
        "statuses": {str(status): number for status, number in statuses.items()},
        "p50_ms": round(waits[len(waits) // 2] * 1000, 2),
        "p99_ms": round(waits[len(waits) * 99 // 100] * 1000, 2),
        "client_cores": round((used.ru_utime + used.ru_stime) / seconds, 2),
    }


def main() -> None:
    """Run as told on standard input: `port`, `seconds`, and `requests` as text."""
    told = json.load(sys.stdin)
    print(json.dumps(run(told["port"], [text.encode() for text in told["requests"]], told["seconds"])))


if __name__ == "__main__":
    main()
