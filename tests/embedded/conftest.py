"""A folder that every user of the machine can enter, and what to ask a server in it."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from randonumber.embedded import LocalPostgres, place, server
from tests.embedded.questions import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder of its own; no server outlives it, and nothing is written outside."""
    made = Path(tempfile.mkdtemp(prefix="embedded-test-")).resolve()
    made.chmod(0o755)
    monkeypatch.setattr(place, "ELSEWHERE", made / "var-lib")
    yield made
    for data in [*made.glob("**/data/PG_VERSION")]:
        server.stop(place.Place(folder=data.parent.parent, account=account_of(data.parent), programs=data.parent))
    until(lambda: is_removed(made))


def is_removed(made: Path) -> bool:
    """Remove the folder; the last look of a keeper's thread may have put its lock file there once more."""
    shutil.rmtree(made, ignore_errors=True)
    return not made.exists()


@pytest.fixture
def postgres(folder: Path) -> Callable[..., LocalPostgres]:
    """Return a maker of quick servers that are released at the end of the test."""

    def make(state: Path = folder / "postgres") -> LocalPostgres:
        return LocalPostgres(state, durable=False)

    return make


@pytest.fixture
def ourselves() -> place.Account:
    return place.Account(uid=os.geteuid(), gid=os.getegid())


def account_of(path: Path) -> place.Account:
    found = path.stat()
    return place.Account(uid=found.st_uid, gid=found.st_gid)


@pytest.fixture
def somebody(ourselves: place.Account) -> place.Account:
    """Return an ordinary user: ourselves, or when we are root another one who has a name."""
    if ourselves.uid != 0:
        return ourselves
    user = pwd.getpwnam("daemon")
    return place.Account(uid=user.pw_uid, gid=user.pw_gid)


@pytest.fixture
def programs(folder: Path, somebody: place.Account) -> Path:
    """Return the server's programs where that user can run them."""
    return place._programs(somebody)
