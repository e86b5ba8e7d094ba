"""The sandbox without ports: a transport for Stripe's SDK, and hands for tests.

app = create_sandbox(strict=True)
client = stripe.StripeClient("sk_test_x", http_client=SandboxHTTPClient(app))
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import urlsplit

import stripe
from flask import Flask
from requests.structures import CaseInsensitiveDict

from randonumber.sandbox import delivery, faults
from randonumber.sandbox.delivery import Delivery, Outcome
from randonumber.sandbox.scope import DEFAULT_BASE_URL, Sandbox, unit
from randonumber.sandbox.switches import advance as advance_clock

DEFAULT_READ_SECONDS = 20.0


class AnsweredWrongly(AssertionError):
    """The sandbox itself failed, or in strict mode gave an answer that Stripe's description does not allow."""


class SandboxHTTPClient(stripe.HTTPClient):
    """Routes the SDK's requests to a sandbox in the same process, and acts out its faults of the connection."""

    name = "sandbox"

    def __init__(self, app: Flask, *, read_timeout_seconds: float = DEFAULT_READ_SECONDS) -> None:
        super().__init__()
        self._app = app
        self._read_timeout_seconds = read_timeout_seconds

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Return the answer, or APIConnectionError where a real line would have broken."""
        parts = urlsplit(url)
        answer = self._app.test_client(use_cookies=False).open(
            parts.path,
            method=method.upper(),
            query_string=parts.query,
            headers=list((headers or {}).items()),
            data=post_data,
            base_url=sandbox_of(self._app).base_url or DEFAULT_BASE_URL,
            buffered=True,
        )
        if "Sandbox-Bug" in answer.headers:
            raise AnsweredWrongly(answer.headers["Sandbox-Bug"])
        self._act_out(answer.headers.get("Sandbox-Fault"), float(answer.headers.get("Sandbox-Fault-Seconds", 0)))
        shown = CaseInsensitiveDict(
            {name: value for name, value in answer.headers.items() if not name.startswith("Sandbox-")}
        )
        return answer.data, answer.status_code, shown

    def _act_out(self, fault: str | None, seconds: float) -> None:
        if fault in ("reset_before", "reset_after", "truncate"):
            broken("Connection broken by the sandbox's fault plan: " + fault)
        if fault == "slow" and seconds > self._read_timeout_seconds:
            broken(f"Read timed out. (read timeout={self._read_timeout_seconds}, the sandbox's fault plan: slow)")

    def request_stream(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Return the same answer as something to read from."""
        body, status, shown = self.request(method, url, headers, post_data)
        return BytesIO(body), status, shown

    def close(self) -> None:
        """Nothing is kept open."""


def broken(message: str) -> NoReturn:
    """Raise what the SDK raises when a line breaks."""
    raise stripe.APIConnectionError(message, should_retry=True)  # type: ignore[no-untyped-call]


def sandbox_of(app: Flask) -> Sandbox:
    """Return the parts of a sandbox."""
    found: Sandbox = app.extensions["sandbox"]
    return found


def deliveries(app: Flask, *, within: float = 0, acknowledge: bool = True) -> list[Delivery]:
    """Webhook requests that are due, or will be within so many seconds, signed now.

    With `acknowledge` they count as taken; without, they stay due, as if the app had not answered.
    """
    found = delivery.due(sandbox_of(app), within=within, most=10_000)
    if acknowledge:
        for one in found:
            delivery.settle(sandbox_of(app), one, Outcome(status=200, answer=""))
    return found


def settle(app: Flask, one: Delivery, status: int | None) -> None:
    """Tell the sandbox how a delivery ended; None for no answer."""
    delivery.settle(sandbox_of(app), one, Outcome(status=status, answer=""))


def advance(app: Flask, seconds: int) -> int:
    """Move the sandbox's clock forward; the new time in seconds since 1970."""
    return advance_clock(sandbox_of(app), seconds)


def now(app: Flask) -> int:
    """Return the sandbox's time."""
    with unit(sandbox_of(app)) as scope:
        return scope.now


def add_fault(app: Flask, operation: str, fault: str, **more: Any) -> None:
    """Plan a fault: `add_fault(app, "POST /v1/checkout/sessions", "reset_after", times=1)`."""
    store = sandbox_of(app).store
    with store.transaction():
        faults.add(store, {"operation": operation, "fault": fault, **more})


def clear_faults(app: Flask) -> None:
    """Empty the fault plan."""
    store = sandbox_of(app).store
    with store.transaction():
        faults.clear(store)


def reset(app: Flask) -> None:
    """Empty the sandbox."""
    store = sandbox_of(app).store
    with store.transaction():
        store.empty()


def pay(
    app: Flask,
    session: str,
    *,
    card: str = "4242424242424242",
    email: str = "buyer@example.com",
    exp: str = "12/40",
    cvc: str | None = None,
    challenge: str = "complete",
) -> str | None:
    """Pay a Checkout Session by its id or address, as a buyer would on the hosted page; in mode setup, save the card.

    Returns the address the buyer is sent to; None when the page refused. A 3-D Secure challenge is answered with
    `challenge`: complete or fail.
    """
    form = {"email": email, "card_number": card, "exp": exp, "cvc": cvc or ("1234" if card.startswith("3") else "123")}
    return walk(app, hosted(session), form | {"action": "pay"}, challenge)


def pay_by_bank(
    app: Flask,
    session: str,
    *,
    account: str = "000123456789",
    email: str = "buyer@example.com",
    holder: str = "Jenny Rosen",
) -> str | None:
    """Pay a Checkout Session from a US bank account; the bank answers after four days of the sandbox's clock.

    Returns the address the buyer is sent to; None when the page refused.
    """
    form = {
        "email": email,
        "payment_method": "us_bank_account",
        "account_holder": holder,
        "account_number": account,
        "routing_number": "110000000",
        "action": "pay",
    }
    return submit(app, hosted(session), form)


def answer_challenge(app: Flask, url: str, outcome: str = "complete") -> str | None:
    """Answer a 3-D Secure challenge by its address: complete or fail. Returns the address the buyer is sent to."""
    return submit(app, urlsplit(url).path, {"action": outcome})


def leave(app: Flask, session: str) -> str | None:
    """Cancel on the hosted page; the address the buyer is sent to."""
    return walk(app, hosted(session), {"action": "cancel"}, "fail")


def hosted(session: str) -> str:
    """Return the path of the hosted page of a Checkout Session, known by its id or address."""
    return urlsplit(session).path if "/" in session else f"/checkout/{session}"


def walk(app: Flask, path: str, form: dict[str, str], challenge: str) -> str | None:
    """Send a hosted form and answer a challenge that follows."""
    target = submit(app, path, form)
    if target and urlsplit(target).path.startswith("/challenge/"):
        target = answer_challenge(app, target, challenge)
    return target


def submit(app: Flask, path: str, form: dict[str, str]) -> str | None:
    """Send one hosted form; where it leads, None when the page refused."""
    base_url = sandbox_of(app).base_url or DEFAULT_BASE_URL
    answer = app.test_client().post(path, data=form, base_url=base_url, buffered=True)
    if "Sandbox-Bug" in answer.headers:
        raise AnsweredWrongly(answer.headers["Sandbox-Bug"])
    return answer.headers.get("Location")
