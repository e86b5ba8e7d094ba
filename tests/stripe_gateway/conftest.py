"""The gateway's tests run twice: against answers laid out with `responses`, and against the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import responses

from tests.stripe_gateway.ways import SandboxWay, StubWay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stripe_gateway.ways import Way


@pytest.fixture(params=["responses", "sandbox"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """Yield Stripe in one of the two ways, with the story of `world` in it."""
    if request.param == "sandbox":
        yield SandboxWay()
        return
    with responses.RequestsMock() as mock:
        yield StubWay(mock)
