"""What the tests of paying out share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.payouts.withdrawers import Withdrawer, make_withdrawer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox


@pytest.fixture
def withdrawer(sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, run_jobs: RunJobs) -> Withdrawer:
    """Somebody with 50.00 in the wallet and an Express account that can receive it."""
    return make_withdrawer(sandbox, deliver_webhooks, run_jobs, 5000)


class Settings(dict[str, Any]):
    """Settings of the app, changed by setting a key."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app = app

    def __setitem__(self, name: str, value: Any) -> None:
        self._app.extensions["config"] = replace(self._app.extensions["config"], **{name: value})


@pytest.fixture
def settings(committed: Flask) -> Iterator[Settings]:
    """Change settings for this test: `settings["withdrawals_per_day"] = 1`."""
    before = committed.extensions["config"]
    yield Settings(committed)
    committed.extensions["config"] = before
