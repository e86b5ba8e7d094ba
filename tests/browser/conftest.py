"""A browser, and the whole product for it: web, worker, sandbox and database, run by `manage.py up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.visitor import Visitor
from tests.browser_support import launched
from tests.whole.checkout import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """Yield the running product, empty."""
    checkout = Checkout(tmp_path_factory.mktemp("shop"))
    try:
        checkout.up("--no-demo")
        yield checkout
    finally:
        checkout.down()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield the machine's Chromium with a fresh profile."""
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(shop: Checkout, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Return a way to open a fresh window at the shop; at the end no window may have seen a console message."""
    visitors: list[Visitor] = []

    def open_window(**options: Any) -> Visitor:
        visitor = Visitor(shop.base_url, browser.new_context(base_url=shop.base_url, locale="en-GB", **options))
        visitors.append(visitor)
        return visitor

    yield open_window
    messages = [message for visitor in visitors for message in visitor.messages]
    for visitor in visitors:
        visitor.context.close()
    assert messages == []
