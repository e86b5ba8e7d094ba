"""A sandbox and a shop on two ports, and buyers with a browser."""

from __future__ import annotations

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


@pytest.fixture
def visit(shop_url: str, stripe_url: str, browser: Browser) -> Iterator[Callable[..., Buyer]]:
    """Return a way to open a fresh window; at the end no window may have seen a console message."""
    buyers: list[Buyer] = []

    def open_window(**options: Any) -> Buyer:
        buyer = Buyer(shop_url, stripe_url, browser.new_context(base_url=shop_url, locale="en-GB", **options))
        buyers.append(buyer)
        return buyer

    yield open_window
    messages = [message for buyer in buyers for message in buyer.messages]
    for buyer in buyers:
        buyer.context.close()
    assert messages == []
