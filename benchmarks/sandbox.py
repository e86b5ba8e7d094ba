"""The Stripe sandbox: requests a second on one core, its start, and pages of lists with 100,000 objects.

The server has one core for itself and the client the other, where there are two. A bare WSGI handler on the same
server takes turns with the sandbox, so that a reader can tell what is the sandbox's and what is the server's. An
endpoint beside the client takes the webhooks of every creation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from werkzeug.serving import make_server

from benchmarks import figures
from benchmarks.arms import free_port, processor_seconds
from randonumber.config import ROOT
from randonumber.sandbox.ids import account_id, new_id
from randonumber.sandbox.server import PlainHandler
from randonumber.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

KEY: Final = "sk_test_bench"
HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
BARS: Final = {"creations": 250, "reads": 400}
START_SECONDS: Final = 1.2
PAGE_MS: Final = 20
OBJECTS: Final = 100_000
STARTS: Final = 5
SERVER_CORE, CLIENT_CORE = 0, 1
UP_WITHIN_SECONDS: Final = 30


def run(rounds: int, seconds: float) -> dict[str, Any]:
    """Measure everything and print it; the figures for `results.json`."""
    stay_on(CLIENT_CORE)
    found = {"rates": rates(rounds, seconds), "start_seconds": starts(), "pages_ms": pages()}
    for name, rate in found["rates"].items():
        cost = f"{rate['server_us']['median']:.0f} µs of the server's processor"
        print(f"{name:<14}{rate['median']:>6.0f}/s  ({rate['q1']:.0f}–{rate['q3']:.0f})  {cost}")
    print(f"first 200 after {found['start_seconds']['median']:.2f} s")
    for name, milliseconds in found["pages_ms"].items():
        print(f"{milliseconds:>8.2f} ms  {name}")
    return found


def judge(found: dict[str, Any]) -> int:
    """Say for each bar whether it holds; how many are missed."""
    held = {f"{name}: at least {bar}/s on one core": of_one_core(found, name) >= bar for name, bar in BARS.items()}
    held[f"start: at most {START_SECONDS} s"] = found["start_seconds"]["median"] <= START_SECONDS
    held[f"every page: less than {PAGE_MS} ms"] = max(found["pages_ms"].values()) < PAGE_MS
    for name, holds in held.items():
        print(f"{name}: {'yes' if holds else 'MISSED'}")
    return list(held.values()).count(False)


def of_one_core(found: dict[str, Any], name: str) -> float:
    """Return answers a second by processor time, which says little of what else the machine was doing."""
    return 1e6 / float(found["rates"][name]["server_us"]["median"])


def stay_on(core: int) -> None:
    """Keep this process on a core of its own, where the machine has it and lets one choose."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > max(SERVER_CORE, CLIENT_CORE):
        os.sched_setaffinity(0, {core})


@contextmanager
def running(*command: str, environ: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program on the server's core until the block ends."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=os.environ | (environ or {}), stdout=subprocess.DEVNULL,
        preexec_fn=lambda: stay_on(SERVER_CORE),  # noqa: PLW1509 -- no threads are running here
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ask(port: int, method: str, path: str, body: str | None = None) -> bytes:
    """Return the body of one answer, which must be a 200."""
    link = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        link.request(method, path, body, HEADERS)
        answer = link.getresponse()
        found = answer.read()
    finally:
        link.close()
    if answer.status != 200:  # noqa: PLR2004 -- anything else is no figure
        message = f"{method} {path} was answered {answer.status}: {found.decode()[:500]}"
        raise RuntimeError(message)
    return found


def wait_until_up(port: int) -> None:
    """Return at the first 200."""
    deadline = time.monotonic() + UP_WITHIN_SECONDS
    while True:
        try:
            ask(port, "GET", "/v1/customers")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def starts() -> dict[str, float]:
    """Return the quartiles of the seconds from exec to the first 200."""
    seen = []
    for _ in range(STARTS):
        port, began = free_port(), time.perf_counter()
        with running("manage.py", "sandbox", "--memory", "--port", str(port)):
            wait_until_up(port)
            seen.append(time.perf_counter() - began)
    return figures.spread(seen)


def rates(rounds: int, seconds: float) -> dict[str, Any]:
    """Return answers a second of each kind, and the processor time of each in the server, in microseconds."""
    with ExitStack() as stack:
        sink, plain, strict, bare = (free_port() for _ in range(4))
        taker = stack.enter_context(running("-m", "benchmarks.sandbox", str(sink)))
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(taker.pid, os.sched_getaffinity(0))
        environ = {"BASE_URL": f"http://127.0.0.1:{sink}"}
        serve = ("manage.py", "sandbox", "--memory", "--port")
        servers = {
            "bare": (bare, stack.enter_context(running("-m", "benchmarks.sandbox", str(bare)))),
            "plain": (plain, stack.enter_context(running(*serve, str(plain), environ=environ))),
            "strict": (strict, stack.enter_context(running(*serve, str(strict), "--strict", environ=environ))),
        }
        for port in (sink, bare, plain, strict):
            wait_until_up(port)
        asking: dict[str, tuple[str, Callable[[int], Callable[[], Any]]]] = {
            "bare": ("bare", lambda port: lambda: ask(port, "GET", "/")),
            "creations": ("plain", creating),
            "reads": ("plain", reading),
            "strict reads": ("strict", reading),
        }
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in asking}
        for _ in range(rounds):
            for name, (where, make) in asking.items():
                port, process = servers[where]
                seen[name].append(rate(make(port), process.pid, seconds))
    return {
        name: {**figures.spread([speed for speed, _ in pairs]), "server_us": figures.spread([us for _, us in pairs])}
        for name, pairs in seen.items()
    }


def creating(port: int) -> Callable[[], Any]:
    """Return what creates a customer each time."""
    return lambda: ask(port, "POST", "/v1/customers", "email=a%40example.com&name=Ann&metadata[user]=7")


def reading(port: int) -> Callable[[], Any]:
    """Return what reads a customer."""
    made = json.loads(ask(port, "POST", "/v1/customers", "email=a%40example.com&name=Ann"))["id"]
    while json.loads(ask(port, "GET", "/v1/events?delivery_success=false"))["data"]:
        time.sleep(0.1)  # the webhooks of the creations before would be counted here
    return lambda: ask(port, "GET", f"/v1/customers/{made}")


def rate(one: Callable[[], Any], process_id: int, seconds: float) -> tuple[float, float]:
    """Return answers a second, and the server's processor time for one in microseconds."""
    used, began, count = processor_seconds(process_id), time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        one()
        count += 1
    lasted = time.perf_counter() - began
    return count / lasted, (processor_seconds(process_id) - used) / count * 1e6


def pages() -> dict[str, float]:
    """Return for each kind of page how many milliseconds it takes, over HTTP, with 100,000 objects kept."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "sandbox.sqlite3"
        names = fill(database)
        port = free_port()
        with running("manage.py", "sandbox", "--database", str(database), "--port", str(port)):
            wait_until_up(port)
            return {path: typical(port, path) for path in paths(names)}


def typical(port: int, path: str) -> float:
    """Return the median of a few answers, in milliseconds."""
    seen = []
    for _ in range(11):
        began = time.perf_counter()
        ask(port, "GET", path)
        seen.append((time.perf_counter() - began) * 1000)
    return round(median(seen), 2)


def fill(database: Path) -> list[str]:
    """Keep 100,000 objects of six kinds through the store, as old as seconds; the ids of the customers."""
    store, account, now = Store(database), account_id(KEY), int(time.time()) - OBJECTS
    with store.transaction():
        for number in range(OBJECTS):
            for_all = {"created": now + number, "livemode": False, "metadata": {}, "currency": "usd", "amount": 900}
            store.insert(account, kinds(number)[number % 6] | for_all)
        rows = store.rows("SELECT id FROM objects WHERE kind = 'customer' ORDER BY seq")
    store.close()
    return [row["id"] for row in rows]


def kinds(number: int) -> list[dict[str, Any]]:
    """Return an object of each kind, with what lists are filtered by."""
    group = f"group_{number % 1000}"
    padding = {"description": "x" * 1500}
    return [
        {"id": new_id("customer"), "object": "customer", "email": f"{number}@example.com"},
        {"id": new_id("charge"), "object": "charge", "customer": f"cus_{number % 100}", "transfer_group": group}
        | padding,
        {"id": new_id("transfer"), "object": "transfer", "destination": f"acct_{number % 50}", "transfer_group": group},
        {"id": new_id("refund"), "object": "refund", "charge": f"ch_{number % 5000}"},
        {"id": new_id("payout"), "object": "payout", "status": "failed" if number % 5000 == 4 else "paid"},  # noqa: PLR2004
        {"id": new_id("event"), "object": "event", "type": "charge.succeeded", "pending_webhooks": 0, "data": padding},
    ]


def paths(names: list[str]) -> Iterable[str]:
    """Return a page of each kind."""
    old = int(time.time()) - OBJECTS + 1000
    yield "/v1/customers"
    yield "/v1/customers?limit=100"
    yield f"/v1/customers?starting_after={names[500]}"
    yield f"/v1/customers?ending_before={names[500]}"
    yield f"/v1/customers?created[lte]={old}"
    yield f"/v1/customers?created[gte]={old}&ending_before={names[-1]}"
    yield "/v1/customers?email=6000@example.com"
    yield "/v1/charges?customer=cus_7"
    yield "/v1/charges?transfer_group=group_7"
    yield "/v1/transfers?destination=acct_8"
    yield "/v1/transfers?transfer_group=group_8"
    yield "/v1/refunds?charge=ch_9"
    yield "/v1/payouts?status=failed"
    yield "/v1/events?type=charge.*"
    yield "/v1/events?delivery_success=false"
    yield "/v1/balance"


def nothing(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer anything with two bytes: the bare handler, and the endpoint that takes the webhooks."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), nothing, threaded=True, request_handler=PlainHandler).serve_forever()
