"""The sandbox as a process: real connections, real webhooks, kept over a restart."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import stripe
from click.testing import CliRunner
from werkzeug.test import EnvironBuilder

from randonumber import clock
from randonumber.config import ROOT
from randonumber.sandbox import create_sandbox
from randonumber.sandbox.commands import sandbox
from randonumber.sandbox.server import acting_out
from tests.sandbox.conftest import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN = "from randonumber.sandbox.commands import sandbox; sandbox()"
PATIENCE_SECONDS = 30
KEY: Any = {"idempotency_key": "k"}


def until(true: Callable[[], Any]) -> Any:
    """Wait for something to become true, and give it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.02)
    pytest.fail("it did not become true in time")


class App:
    """A stand-in for the app: keeps what it is sent, and refuses as often as told."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.refusals = 0
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refused, app.refusals = app.refusals > 0, app.refusals - 1
                app.events.append((self.path, body, dict(self.headers), refused))
                self.send_response(500 if refused else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def types(self, *, taken: bool = True) -> list[str]:
        return [json.loads(body)["type"] for _, body, _, refused in list(self.events) if refused != taken]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Server:
    """A sandbox in a process of its own."""

    def __init__(self, *options: str, database: Path, app_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**os.environ, "BASE_URL": app_url, "SANDBOX_PORT": str(self.port)}
        environment |= {"STRIPE_WEBHOOK_SECRET": "whsec_sandbox", "SANDBOX_DATABASE": str(database)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, "--strict", *options],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.said = self.process.stdout.readline()
        transport = stripe.RequestsClient(timeout=2)
        self.sdk = stripe.StripeClient(
            "sk_test_one", base_addresses={"api": self.url}, http_client=transport, max_network_retries=0
        )

    def fault(self, fault: str, **more: Any) -> None:
        plan = {"operation": "POST /v1/customers", "fault": fault, **more}
        assert requests.post(f"{self.url}/_sandbox/faults", json=plan, timeout=5).status_code == 201

    def end(self, number: int = signal.SIGTERM) -> int:
        """The exit code, within three seconds."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(3)
        if self.process.stdout:
            self.process.stdout.close()
        return code


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.close()


@pytest.fixture
def start(tmp_path: Path, app: App) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def begin(*options: str) -> Server:
        servers.append(Server(*options, database=tmp_path / "instance" / "sandbox.sqlite3", app_url=app.url))
        return servers[-1]

    yield begin
    for server in servers:
        server.end(signal.SIGKILL)


def test_an_answer_has_one_date_of_its_own(start: Callable[..., Server]) -> None:
    answer = requests.get(f"{start().url}/v1/account", auth=("sk_test_one", ""), timeout=5)
    assert abs(parsedate_to_datetime(answer.headers["Date"]) - clock.now()) < timedelta(minutes=1)


def test_a_sale_reaches_the_app_signed(start: Callable[..., Server], app: App) -> None:
    server = start()
    session = server.sdk.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    assert session.url == f"{server.url}/checkout/{session.id}"
    form = {"email": "a@example.com", "card_number": "4242424242424242", "exp": "12/40", "cvc": "123", "action": "pay"}
    answer = requests.post(str(session.url), data=form, allow_redirects=False, timeout=5)
    assert answer.status_code == 303
    until(lambda: {"checkout.session.completed", "charge.updated"} <= set(app.types()))
    path, body, headers, _ = next(one for one in app.events if b"checkout.session.completed" in one[1])
    assert path == "/webhooks/stripe"
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_sandbox")
    assert event.data["object"]["payment_status"] == "paid"
    until(lambda: not server.sdk.v1.events.list({"delivery_success": False}).data)


def test_a_webhook_is_sent_until_it_is_taken_first_after_a_second(start: Callable[..., Server], app: App) -> None:
    app.refusals = 2
    began = time.monotonic()
    start().sdk.v1.customers.create({})
    until(lambda: app.types() == ["customer.created"])
    assert app.types(taken=False) == ["customer.created"] * 2
    assert 2.5 < time.monotonic() - began < 20
    assert len({body for _, body, _, _ in app.events}) == 1, "the same event each time"


def test_state_and_due_webhooks_survive_a_kill(start: Callable[..., Server], app: App) -> None:
    app.refusals = 10**9
    server = start()
    customer = server.sdk.v1.customers.create({"name": "Ann"}, KEY)
    until(lambda: app.events)
    server.end(signal.SIGKILL)
    app.refusals = 0
    server = start()
    assert server.sdk.v1.customers.create({"name": "Ann"}, KEY).id == customer.id
    assert [one.id for one in server.sdk.v1.customers.list().data] == [customer.id]
    until(lambda: app.types() == ["customer.created"])


def test_memory_keeps_nothing(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start("--memory")
    server.sdk.v1.customers.create({})
    server.end()
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_even_while_it_is_slow(start: Callable[..., Server], number: int) -> None:
    server = start()
    assert server.url in server.said
    server.fault("slow", seconds=60)
    with pytest.raises(stripe.APIConnectionError):
        server.sdk.v1.customers.create({})
    assert server.end(number) == 0


def test_a_line_is_really_cut(start: Callable[..., Server]) -> None:
    server = start()
    for round_, (fault, made) in enumerate([("reset_before", 0), ("reset_after", 1), ("truncate", 1)]):
        key: Any = {"idempotency_key": fault}
        server.fault(fault)
        with pytest.raises(stripe.APIConnectionError):
            server.sdk.v1.customers.create({}, key)
        assert len(server.sdk.v1.customers.list().data) == round_ + made
        server.sdk.v1.customers.create({}, key)
        assert len(server.sdk.v1.customers.list().data) == round_ + 1


def test_a_key_is_in_use_while_its_answer_is_on_the_way(start: Callable[..., Server]) -> None:
    server = start()
    server.fault("slow", seconds=4)
    with pytest.raises(stripe.APIConnectionError):
        server.sdk.v1.customers.create({}, KEY)
    with pytest.raises(stripe.APIError) as refused:
        server.sdk.v1.customers.create({}, KEY)
    assert refused.value.http_status == 409
    until(lambda: not refused_by(server))
    assert len(server.sdk.v1.customers.list().data) == 1


def refused_by(server: Server) -> bool:
    """Whether the key is still in use."""
    try:
        server.sdk.v1.customers.create({}, KEY)
    except stripe.APIError:
        return True
    return False


def test_a_key_is_free_once_its_answer_is_made_also_when_the_client_was_killed() -> None:
    """The server closes a body late, and not at all when the client was killed before it read the answer."""
    shown = acting_out(create_sandbox())
    headers = {"Authorization": "Bearer sk_test_sandbox", "Idempotency-Key": "k"}
    statuses: list[str] = []
    for _ in range(2):
        environ = EnvironBuilder(
            "/v1/customers", method="POST", headers=list(headers.items()), base_url="http://127.0.0.1"
        ).get_environ()
        shown(environ, lambda status, *_: statuses.append(status))
    assert statuses == ["200 OK", "200 OK"]


def test_a_taken_port_is_one_clear_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = CliRunner().invoke(sandbox, ["--memory", "--port", str(port)])
    assert answer.exit_code == 1
    assert answer.output == f"Error: Port {port} cannot be used: Address already in use.\n"


def test_it_listens_on_loopback_alone(start: Callable[..., Server]) -> None:
    server = start()
    hexadecimal = f"{server.port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(":" + hexadecimal)]
    assert listening == [f"0100007F:{hexadecimal}"]


def test_it_ends_with_the_supervisor_that_started_it(tmp_path: Path) -> None:
    starter = (
        "import os, subprocess, sys\n"
        "os.environ['APP_SUPERVISOR_PID'] = str(os.getpid())\n"
        f"run = [sys.executable, '-c', {RUN!r}, '--memory', '--port', '0']\n"
        "child = subprocess.Popen(run, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    assert parent.stdin
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    until(lambda: not alive(child))


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
