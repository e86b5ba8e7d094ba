"""A unit of work: one account, one time, one open transaction."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from randonumber.sandbox import clock
from randonumber.sandbox.spec.answers import Answers
from randonumber.sandbox.spec.description import Description
from randonumber.sandbox.store import Record, Store
from randonumber.sandbox.wire.errors import Refused, missing

Json = dict[str, Any]
Operations = dict[str, Callable[..., Json]]
DEFAULT_BASE_URL = "http://127.0.0.1:5001"


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint of the app: the platform's own events, or with `connect` those of connected accounts."""

    url: str
    secret: str
    connect: bool


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What one sandbox is made of. `wake` is set when there is something to deliver."""

    store: Store
    description: Description
    answers: Answers
    endpoints: tuple[Endpoint, ...]
    base_url: str | None
    strict: bool
    mail_dir: Path | None
    due_actions: Mapping[str, "Callable[[Scope, str], None]"]
    in_flight: set[tuple[str, str]] = field(default_factory=set)
    in_flight_lock: threading.Lock = field(default_factory=threading.Lock)
    wake: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an operation works with: whose objects, when, by which API key.

    `later` runs after the answer is written, still in the transaction.
    """

    sandbox: Sandbox
    account: str
    now: int
    base_url: str
    key: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None
    later: list[Callable[[], None]] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """The store of this sandbox."""
        return self.sandbox.store

    def insert(self, body: Json, hidden: Json | None = None) -> Json:
        """Keep a new object and give it back."""
        self.store.insert(self.account, body, hidden)
        return body

    def save(self, body: Json, hidden: Json | None = None) -> Json:
        """Keep an object's new state and give it back."""
        self.store.save(self.account, body, hidden)
        return body

    def find(self, kind: str, object_id: str) -> Record | None:
        """Return an object of this account of that kind, deleted or not."""
        found = self.store.find(self.account, object_id)
        return found if found and found.kind == kind else None

    def get(self, kind: str, object_id: str, *, param: str = "id", status: int = 404) -> Record:
        """Return the same, or raise Refused with `resource_missing`."""
        found = self.find(kind, object_id)
        if not found:
            raise missing(kind, object_id, param=param, status=status)
        return found

    def run_later(self) -> None:
        """Do what waited for the answer to be written."""
        while self.later:
            self.later.pop(0)()

    @contextmanager
    def undone_if_raised(self) -> Iterator[None]:
        """Undo what was done inside when something is raised, and what was to follow, unless that says effects stay."""
        waiting = len(self.later)
        try:
            with self.store.undone_if_raised():
                yield
        except BaseException as raised:
            if not getattr(raised, "effects_stay", False):
                del self.later[waiting:]
            raise

    def at(self, moment: int, account: str) -> "Scope":
        """Return the same transaction at another time or for another account."""
        return replace(self, now=moment, account=account, request_id=None, idempotency_key=None)


@contextmanager
def unit(
    sandbox: Sandbox,
    account: str = "",
    *,
    base_url: str | None = None,
    key: str = "",
    request_id: str | None = None,
    idempotency_key: str | None = None,
) -> Iterator[Scope]:
    """One transaction in which everything that fell due has happened first."""
    with sandbox.store.transaction():
        scope = Scope(
            sandbox=sandbox,
            account=account,
            now=clock.sandbox_now(sandbox.store),
            base_url=(sandbox.base_url or base_url or DEFAULT_BASE_URL).rstrip("/"),
            key=key,
            request_id=request_id,
            idempotency_key=idempotency_key,
        )
        run_due(scope)
        yield scope
        scope.run_later()


def schedule(scope: Scope, at: int, action: str, object_id: str) -> None:
    """Let `action` happen to an object once the sandbox's clock reaches `at`."""
    scope.store.run(
        "INSERT INTO due (account, at, action, object_id) VALUES (?, ?, ?, ?)", scope.account, at, action, object_id
    )


def run_due(scope: Scope) -> None:
    """Do everything whose time has come, oldest first, each at its own time.

    What cannot happen any more does not, and holds nothing else up; in a strict sandbox it raises Refused.
    """
    while row := scope.store.row("SELECT * FROM due WHERE at <= ? ORDER BY at, seq LIMIT 1", scope.now):
        scope.store.run("DELETE FROM due WHERE seq = ?", row["seq"])
        then = scope.at(row["at"], row["account"])
        try:
            with then.undone_if_raised():
                scope.sandbox.due_actions[row["action"]](then, row["object_id"])
                then.run_later()
        except Refused as refused:
            if scope.sandbox.strict:
                raise
            print(f"sandbox: {row['action']} of {row['object_id']}: {refused}", file=sys.stderr)  # noqa: T201
