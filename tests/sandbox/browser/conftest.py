"""A sandbox and a shop on two ports, and buyers with a browser."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import create_sandbox
from tests.browser_support import launched
from tests.sandbox.browser.buyer import Buyer
from tests.sandbox.browser.shop import create_shop, sdk
from tests.sandbox.served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import stripe
    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="package")
def stripe_url() -> Iterator[str]:
    """A strict sandbox, served."""
    with served(create_sandbox(strict=True)) as url:
        yield url


@pytest.fixture(scope="package")
def shop_url(stripe_url: str) -> Iterator[str]:
    with served(create_shop(stripe_url)) as url:
        yield url


@pytest.fixture
def server_side(stripe_url: str) -> stripe.StripeClient:
    """The shop's own SDK."""
    return sdk(stripe_url)


@pytest.fixture(scope="package")
def idle() -> dict[str, list[Buyer]]:
    """Windows that no test has at the moment, by their options: to open one takes longer than most tests."""
    return defaultdict(list)


@pytest.fixture
def visit(
    shop_url: str, stripe_url: str, browser: Browser, idle: dict[str, list[Buyer]]
) -> Iterator[Callable[..., Buyer]]:
    """Return a way to get an empty window; at the end no window may have seen a console message."""
    buyers: list[tuple[str, Buyer]] = []

    def window(**options: Any) -> Buyer:
        sort = repr(sorted(options.items()))
        context = {"base_url": shop_url, "locale": "en-GB", **options}
        buyer = idle[sort].pop() if idle[sort] else Buyer(shop_url, stripe_url, browser.new_context(**context))
        buyers.append((sort, buyer))
        return buyer

    yield window
    messages = [message for _, buyer in buyers for message in buyer.messages]
    for sort, buyer in buyers:
        buyer.be_new()
        idle[sort].append(buyer)
    assert messages == []
