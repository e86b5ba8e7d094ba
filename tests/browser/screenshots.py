"""Take the pictures of the docs: `make screenshots`. Each page as a buyer sees it who has a card, money and history."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.browser.earner import Earner, let_funds_come, wait_for_funds
from tests.browser.shopper import Shopper
from tests.browser.standing import settle_in
from tests.browser_support import launched
from tests.whole.checkout import Checkout

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
WIDTHS: Final = (360, 1280)
START_SECONDS: Final = 300


def main() -> int:
    """Run the product in a folder of its own, let somebody buy, and write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shop = Checkout(Path(folder))
        try:
            shop.up("--no-demo", seconds=START_SECONDS)
            with launched() as browser:
                take_all(shop, browser)
        finally:
            shop.down()
    return 0


def take_all(shop: Checkout, browser: Browser) -> None:
    """Take every picture of somebody new, and of somebody settled."""
    newcomer = Shopper(shop.base_url, browser.new_context(base_url=shop.base_url, locale="en-GB"))
    newcomer.register()
    take(newcomer, "credits", "/credits")
    buyer = Shopper(shop.base_url, browser.new_context(base_url=shop.base_url, locale="en-GB"))
    paid = settle_in(buyer, shop)
    take(buyer, "credits-every-way", "/credits")
    take(buyer, "cards", "/account/cards")
    take(buyer, "purchase", f"/credits/purchases/{paid}")
    take(buyer, "account", "/account")
    take_paying_out(shop, browser)
    buyer.draw(maximum=100)
    take(buyer, "home", None)


def take_paying_out(shop: Checkout, browser: Browser) -> None:
    """Take the wallet and the payout account of somebody who was paid out."""
    earner = Earner(shop.base_url, browser.new_context(base_url=shop.base_url, locale="en-GB"))
    earner.register()
    take(earner, "payouts-ways", "/payouts")
    earner.connect("express")
    earner.top_up("50.00")
    earner.wait_until_topped_up()
    let_funds_come(shop)
    wait_for_funds(earner, "$50.00")
    earner.top_up("25.00")
    earner.wait_until_topped_up()
    earner.withdraw("20.00")
    earner.page.locator(".status").filter(has_text="paid").first.wait_for()
    take(earner, "withdrawal", earner.page.url.removeprefix(shop.base_url))
    take(earner, "wallet", "/wallet")
    take(earner, "payouts", "/payouts")


def take(person: Shopper, name: str, path: str | None) -> None:
    """Take one page on a phone and on a desk, whole: as high as it is, so that every frame is drawn."""
    for width in WIDTHS:
        person.page.set_viewport_size({"width": width, "height": 800})
        if path:
            person.go(path)
        if person.page.locator("form[data-pay], #save-card").count():
            person.fields.get_by_label("Card number").wait_for()
        height = person.page.evaluate("document.documentElement.scrollHeight")
        person.page.set_viewport_size({"width": width, "height": height})
        person.page.wait_for_timeout(500)  # for the frames to be drawn at this size
        person.page.screenshot(path=FOLDER / f"{name}-{width}.png")


if __name__ == "__main__":
    sys.exit(main())
