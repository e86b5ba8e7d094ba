"""Two ways to play Stripe to one and the same test: answers laid out beforehand, and the sandbox.

`StubWay` stands behind the SDK's real client with `responses`; `SandboxWay` is the sandbox in process. A test speaks to
`way.gateway`, names objects by `way.ids` and sees in `way.sent` what went over the wire.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
import responses
import stripe
from responses import matchers

from randonumber.sandbox import create_sandbox, inprocess
from randonumber.sandbox.inprocess import SandboxHTTPClient
from randonumber.stripe_gateway import Gateway
from randonumber.stripe_gateway.wire import Wire
from tests.stripe_gateway import world

if TYPE_CHECKING:
    from collections.abc import Mapping

API: Final = "https://api.stripe.com"
CONNECT: Final = "https://connect.stripe.com"
KEY: Final = "sk_test_both"
PATIENCE: Final = {"web": (1, 8), "worker": (3, 20)}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it went out: the parameters of its address or of its body, decoded."""

    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]


def sent(method: str, url: str, headers: Mapping[str, str], body: str | None) -> Sent:
    """Take a request apart. No name stands in it twice."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query or body or "", keep_blank_values=True, strict_parsing=bool(parts.query or body))
    assert len(dict(pairs)) == len(pairs), pairs
    assert not (parts.query and body), "parameters stand in the address or in the body"
    return Sent(
        method=method.upper(),
        path=parts.path,
        params=dict(pairs),
        headers=requests.structures.CaseInsensitiveDict(headers),
    )


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that goes wrong with one request: how the sandbox is told, and what `responses` shall do.

    `planned` None: the request itself is what Stripe refuses. A `body` that is an exception is a broken line.
    """

    planned: str | None
    body: dict[str, Any] | Exception
    status: int = 400
    seconds: int | None = None


class Way(ABC):
    """Stripe, played in one way."""

    ids: dict[str, str]
    gateway: Gateway

    @property
    @abstractmethod
    def sent(self) -> list[Sent]:
        """Return what the gateway has sent, in order."""

    @abstractmethod
    def answers(self, method: str, path: str, found: dict[str, Any] | str, **query: str) -> None:
        """Lay out what a request is answered with: an object, or one of the story by name. The sandbox knows."""

    @abstractmethod
    def lists(self, path: str, names: list[str], **query: str) -> None:
        """Lay out what a list holds; the sandbox knows."""

    @abstractmethod
    def refuses(self, method: str, path: str, status: int, **error: str) -> None:
        """Lay out a refusal in Stripe's envelope; the sandbox knows."""

    @abstractmethod
    def answers_oauth(self, path: str, found: dict[str, Any], status: int = 200) -> None:
        """Lay out what OAuth is answered with, in its own form; the sandbox knows."""

    @abstractmethod
    def goes_wrong(self, method: str, path: str, trouble: Trouble) -> None:
        """Let the next such request go wrong."""


class StubWay(Way):
    """Every answer is laid out, and every request must be one that was expected."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.ids = world.IDS
        self.gateway = Gateway(Wire(key=KEY, base=None, timeouts_seconds=PATIENCE, web_threads=4))

    @property
    def sent(self) -> list[Sent]:
        return [
            sent(call.request.method or "", call.request.url or "", call.request.headers, as_text(call.request.body))
            for call in self.mock.calls
        ]

    def answers(self, method: str, path: str, found: dict[str, Any] | str, **query: str) -> None:
        body = world.OBJECTS[found] if isinstance(found, str) else found
        self.mock.add(method, f"{API}{path}", json=body, match=[matchers.query_param_matcher(query)])

    def lists(self, path: str, names: list[str], **query: str) -> None:
        page = {"object": "list", "url": path, "has_more": False, "data": [world.OBJECTS[name] for name in names]}
        self.answers("GET", path, page, limit="100", **query)

    def refuses(self, method: str, path: str, status: int, **error: str) -> None:
        body = {"error": {"type": "invalid_request_error", **error}}
        self.mock.add(method, f"{API}{path}", json=body, status=status)

    def answers_oauth(self, path: str, found: dict[str, Any], status: int = 200) -> None:
        self.mock.add("POST", f"{CONNECT}{path}", json=found, status=status)

    def goes_wrong(self, method: str, path: str, trouble: Trouble) -> None:
        if isinstance(trouble.body, Exception):
            self.mock.add(method, f"{API}{path}", body=trouble.body)
        else:
            self.mock.add(method, f"{API}{path}", json=trouble.body, status=trouble.status)


class SandboxWay(Way):
    """The sandbox, which needs nothing laid out. It is strict: an answer that Stripe would not give is an error."""

    def __init__(self) -> None:
        self.app = create_sandbox(strict=True, endpoints=(), base_url="http://127.0.0.1:5001")
        self.sdk = stripe.StripeClient(KEY, http_client=SandboxHTTPClient(self.app), max_network_retries=0)
        self.ids = world.act_out(self.sdk)
        self._line = Line(self.app)
        wire = Wire(key=KEY, base=None, timeouts_seconds=PATIENCE, web_threads=4, http_client=self._line)
        self.gateway = Gateway(wire)

    @property
    def sent(self) -> list[Sent]:
        return self._line.sent

    def answers(self, method: str, path: str, found: dict[str, Any] | str, **query: str) -> None:
        """Leave it to the sandbox."""

    def lists(self, path: str, names: list[str], **query: str) -> None:
        """Leave it to the sandbox."""

    def refuses(self, method: str, path: str, status: int, **error: str) -> None:
        """Leave it to the sandbox."""

    def answers_oauth(self, path: str, found: dict[str, Any], status: int = 200) -> None:
        """Leave it to the sandbox."""

    def goes_wrong(self, method: str, path: str, trouble: Trouble) -> None:
        if trouble.planned is not None:
            more = {} if trouble.seconds is None else {"seconds": trouble.seconds}
            inprocess.add_fault(self.app, f"{method} {path}", trouble.planned, **more)


class Line(SandboxHTTPClient):
    """The way into the sandbox, which keeps what goes over it."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.sent: list[Sent] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **more: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        self.sent.append(sent(method, url, headers or {}, as_text(post_data)))
        return super().request(method, url, headers, post_data, **more)


def as_text(body: Any) -> str | None:
    return body.decode() if isinstance(body, bytes) else body
