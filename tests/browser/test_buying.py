"""The ways to buy beside each other, and what becomes of a purchase: paid from the wallet, given back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.shopper import Shopper
from tests.browser.standing import fill_wallet, settle_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from tests.browser.visitor import Visitor
    from tests.whole.checkout import Checkout

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PRICE = re.compile(r"\$[\d,]+\.\d\d")


@pytest.fixture
def person(shop: Checkout, browser: Browser) -> Iterator[Shopper]:
    """One window; at the end it may have seen no message on the console."""
    shopper = Shopper(shop.base_url, browser.new_context(base_url=shop.base_url, locale="en-GB"))
    yield shopper
    messages = shopper.messages
    shopper.context.close()
    assert messages == []


def test_whoever_has_a_card_and_money_sees_every_way_with_its_price_on_the_button(
    person: Shopper, shop: Checkout
) -> None:
    settle_in(person, shop)
    person.go("/credits")
    person.fields.get_by_label("Card number").wait_for()
    buttons = person.page.locator("main form button[type=submit]:not([data-pay-hosted])").all_inner_texts()
    assert buttons == [
        "Pay $1.00",
        "Pay $9.00",
        "Pay $70.00",
        "Pay $500.00",
        "Pay $22.50 with this card",
        "Pay $22.50 from the wallet",
        "Pay $22.50 to Rando Number",
    ]
    person.page.fill("form[action='/credits/wallet'] [name=quantity]", "9")
    person.page.wait_for_selector("text=Pay $9.00 from the wallet")
    person.page.click("nav[aria-label='Ways to buy'] >> text=Any quantity")
    assert person.page.evaluate("location.hash") == "#any-quantity"


def test_auto_top_up_shows_a_price_and_its_button_pays_nothing(person: Shopper) -> None:
    person.register()
    person.go("/account/auto-topup")
    person.page.fill("[name=quantity]", "10")
    person.page.wait_for_selector("output >> text=$9.00")
    assert person.page.locator("main form button[type=submit]").all_inner_texts() == ["Save"]


def test_a_refused_form_opens_at_the_first_field_that_is_wrong(person: Shopper) -> None:
    person.go("/register")
    person.page.fill("[name=email]", "somebody@example.com")
    send_and_stand_at(person, "password")
    person.register()
    person.go("/account/auto-topup")
    person.page.check("[name=enabled]")
    person.page.fill("[name=quantity]", "1e3")
    send_and_stand_at(person, "quantity")


def send_and_stand_at(person: Shopper, name: str) -> None:
    """Send the form of the page, and stand at this field when it is refused."""
    person.page.locator("main form:has(.field) button[type=submit]").click()
    person.page.wait_for_selector(".field-error")
    assert person.page.evaluate("document.activeElement.name") == name


def test_the_wallet_pays_at_once_and_says_when_it_holds_too_little(person: Shopper, shop: Checkout) -> None:
    fill_wallet(shop, person.register(), 1000)
    form = person.page.locator("form[action='/credits/wallet']")
    person.go("/credits")
    form.locator("[name=quantity]").fill("100")
    form.locator("button").click()
    person.page.wait_for_selector("form[action='/credits/wallet'] [role=alert]")
    assert form.locator("[name=quantity]").input_value() == "100"
    assert person.page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert person.audit() == []
    form.locator("[name=quantity]").fill("10")
    form.locator("button").click()
    person.wait_until_paid()
    assert person.credits_left() == 13


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_what_is_unspent_is_given_back(visit: Callable[..., Visitor], javascript: bool) -> None:  # noqa: FBT001
    buyer = visit(java_script_enabled=javascript)
    buyer.register()
    buyer.choose_pack(10)
    buyer.pay()
    buyer.wait_until_paid()
    page = re.sub(r"\?.*", "", buyer.page.url)
    buyer.draw(n=5)  # three free ones, and two of the ten
    buyer.go(page)
    button = buyer.page.locator("form[action$='/refund'] button")
    said = PRICE.findall(button.inner_text())
    button.click()
    for _ in range(60):  # the page does not go on by itself: the money is asked for already
        buyer.page.wait_for_timeout(500)
        buyer.go(page)
        if buyer.page.locator("#refund td >> text=/succeeded/").count():
            break
    assert buyer.page.locator("#refund td >> text=/succeeded/").count() == 1
    assert said == ["$7.00"]  # nine dollars less two credits at their own price
    assert buyer.credits_left() == 0
    assert buyer.page.locator("form[action$='/refund']").count() == 0
    buyer.go(f"{page}/receipt")
    assert buyer.page.locator("td >> text=-$7.00").count() == 1
    assert buyer.page.locator("tfoot >> text=$2.00").count() == 1
    buyer.page.set_viewport_size({"width": 360, "height": 800})
    assert buyer.audit() == []
