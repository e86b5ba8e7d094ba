"""Every page, wide and narrow, light and dark: no word on the console, nothing wrong in the audit, small."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.earner import Earner
from tests.browser.shopper import Shopper
from tests.browser.standing import earn, settle_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, StorageState

    from tests.browser.visitor import Visitor
    from tests.whole.checkout import Checkout

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

HTML_BUDGET = 30_000
"""Bytes of a page without its files: design.md section 10."""
SCREENS = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark"), (1600, "light")]
FOR_STRANGERS = {"/": 200, "/login": 200, "/register": 200, "/reset": 200, "/nothing-here": 404}
FOR_BUYERS = {
    "/": 200,
    "/account": 200,
    "/account/auto-topup": 200,
    "/account/cards": 200,
    "/change": 200,
    "/credits": 200,
    "/credits/purchases": 200,
    "/credits?quantity=0": 422,
    "/nothing-here": 404,
    "/numbers": 200,
    "/payouts": 200,
    "/verify": 200,
    "/wallet": 200,
}
FOR_EARNERS = {
    "/account": 200,
    "/payouts": 200,
    "/wallet": 200,
    "/wallet?kind=nonsense": 422,
    "/wallet?kind=withdrawals": 200,
    "/wallet/withdrawals": 200,
}
FOR_OPERATORS = {"/admin": 200, "/admin/calls": 200, "/admin/withdrawals": 200}

INJECT = """() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = 1";
    document.body.append(script);
}"""


@pytest.fixture(scope="module")
def buyer(shop: Checkout, browser: Browser) -> Iterator[tuple[StorageState, list[str]]]:
    """Have somebody with a purchase, a card and wallet money; yield their cookies and the pages that only they see."""
    person = Shopper(shop.base_url, browser.new_context(base_url=shop.base_url))
    purchase = f"/credits/purchases/{settle_in(person, shop)}"
    person.draw(n=2, maximum=1_000_000)
    draw = person.page.url.removeprefix(shop.base_url)
    yield person.context.storage_state(), [draw, purchase, f"{purchase}/receipt"]
    person.context.close()


@pytest.fixture(scope="module")
def earner(shop: Checkout, browser: Browser) -> Iterator[tuple[StorageState, list[str]]]:
    """Have an operator who was paid out; yield their cookies and the pages of their top-up and withdrawal."""
    person = Earner(shop.base_url, browser.new_context(base_url=shop.base_url))
    topup, withdrawal = earn(person, shop)
    own_pages = [f"/wallet/topups/{topup}", f"/wallet/withdrawals/{withdrawal}", f"/admin/withdrawals/{withdrawal}"]
    yield person.context.storage_state(), own_pages
    person.context.close()


def _check(visitor: Visitor, path: str, status: int) -> list[str]:
    visitor.go(path, status)
    problems = visitor.audit()
    size = len(visitor.page.content().encode())
    if size > HTML_BUDGET:
        problems.append(f"{size} bytes of HTML")
    return [f"{path}: {problem}" for problem in problems]


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_every_page_for_strangers_is_clean(visit: Callable[..., Visitor], width: int, scheme: str) -> None:
    visitor = visit(viewport={"width": width, "height": 740}, color_scheme=scheme)
    assert [line for path, status in FOR_STRANGERS.items() for line in _check(visitor, path, status)] == []


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_every_page_for_buyers_is_clean(
    visit: Callable[..., Visitor], buyer: tuple[StorageState, list[str]], width: int, scheme: str
) -> None:
    cookies, own_pages = buyer
    visitor = visit(viewport={"width": width, "height": 740}, color_scheme=scheme, storage_state=cookies)
    pages = FOR_BUYERS | dict.fromkeys(own_pages, 200)
    assert [line for path, status in pages.items() for line in _check(visitor, path, status)] == []


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_every_page_of_money_and_of_operators_is_clean(
    visit: Callable[..., Visitor], earner: tuple[StorageState, list[str]], width: int, scheme: str
) -> None:
    cookies, own_pages = earner
    visitor = visit(viewport={"width": width, "height": 740}, color_scheme=scheme, storage_state=cookies)
    pages = FOR_EARNERS | FOR_OPERATORS | dict.fromkeys(own_pages, 200)
    assert [line for path, status in pages.items() for line in _check(visitor, path, status)] == []


def test_on_a_phone_a_refused_withdrawal_says_why_where_one_looks(
    visit: Callable[..., Visitor], earner: tuple[StorageState, list[str]]
) -> None:
    visitor = visit(viewport={"width": 360, "height": 740}, storage_state=earner[0])
    visitor.go("/wallet")
    visitor.page.fill("form[action='/wallet/withdrawals'] [name=amount]", "5000")
    visitor.page.get_by_role("button", name="Withdraw this amount").click()
    alert = visitor.page.locator("#withdraw [role=alert]")
    expect(alert).to_be_in_viewport(ratio=1)
    assert visitor.audit() == []


def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_the_field(
    visit: Callable[..., Visitor], buyer: tuple[StorageState, list[str]]
) -> None:
    visitor = visit(storage_state=buyer[0])
    visitor.go("/")
    for name, value in {"min": "9", "max": "3", "n": "1"}.items():
        visitor.page.fill(f"[name={name}]", value)
    visitor.page.click("form[action='/numbers'] button[type=submit]")
    field = visitor.page.locator("[name=max]")
    assert field.input_value() == "3"
    assert field.get_attribute("aria-invalid") == "true"
    error = visitor.page.locator(f"#{(field.get_attribute('aria-describedby') or '').split()[-1]}")
    assert error.is_visible()
    assert visitor.audit() == []


def test_the_first_tab_offers_a_way_past_the_navigation(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.go("/")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "content"


@pytest.mark.asvs("3.4.3")
def test_a_script_that_slipped_into_a_page_does_not_run(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.go("/login")
    visitor.page.evaluate(INJECT)
    assert visitor.page.evaluate("window.ran") is None
    assert "Content Security Policy" in visitor.messages.pop()


def test_pressed_twice_a_form_is_sent_once(
    visit: Callable[..., Visitor], buyer: tuple[StorageState, list[str]]
) -> None:
    visitor = visit(storage_state=buyer[0])
    visitor.go("/")
    before = visitor.credits_left()
    visitor.page.fill("[name=n]", "1")
    visitor.page.dblclick("form[action='/numbers'] button[type=submit]")
    visitor.page.wait_for_url(re.compile("/numbers/drw_"))
    visitor.go("/")
    assert visitor.credits_left() == before - 1


def test_who_has_too_few_credits_learns_where_to_get_more(
    visit: Callable[..., Visitor], buyer: tuple[StorageState, list[str]]
) -> None:
    visitor = visit(storage_state=buyer[0])
    visitor.go("/")
    before = visitor.credits_left()
    visitor.page.fill("[name=n]", "10000")
    visitor.page.click("form[action='/numbers'] button[type=submit]")
    visitor.page.locator("main [role=alert] a[href='/credits']").click()
    visitor.page.wait_for_url(re.compile("/credits$"))
    assert visitor.credits_left() == before
