"""Somebody who buys: on Stripe's page, on ours, with a saved card, from the wallet; and answers the bank."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.visitor import GOOD_CARD, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Locator

FRAME = 'iframe[title="Secure payment input frame"]:not([aria-hidden])'
ASKING_CARD = "4000002760003184"
"""Its bank asks every time, off session too."""


class Shopper(Visitor):
    """One window at every way to buy."""

    @property
    def fields(self) -> FrameLocator:
        """The inside of Stripe's fields."""
        return self.page.frame_locator(FRAME)

    @property
    def pay_button(self) -> Locator:
        """The button of the form on our page."""
        return self.page.locator("form[data-pay] button[type=submit]:not([data-pay-hosted])")

    @property
    def pay_error(self) -> Locator:
        """What the form on our page says went wrong."""
        return self.page.locator("[data-pay-error]:not(:empty)")

    def type_card(self, number: str = GOOD_CARD, expiry: str = "1240", code: str = "123") -> None:
        """Type a card into Stripe's fields as people do, key by key."""
        for label, text in {"Card number": number, "Expiration date": expiry, "Security code": code}.items():
            field = self.fields.get_by_label(label)
            field.fill("")
            field.press_sequentially(text)

    def choose_quantity(self, quantity: int, sum_shown: str) -> None:
        """Write how many on the form on our page, and wait until its button names the sum."""
        if "/credits" not in self.page.url or "/purchases" in self.page.url:
            self.go("/credits")
        self.fields.get_by_label("Card number").wait_for()
        self.page.fill("form[data-pay] [name=quantity]", str(quantity))
        self.pay_button.filter(has_text=sum_shown).wait_for()

    def pay_here(self, quantity: int, sum_shown: str, card: str = GOOD_CARD, *, save: bool = False) -> None:
        """Buy on our page, up to the press of Pay."""
        self.choose_quantity(quantity, sum_shown)
        self.type_card(card)
        self.page.set_checked("[data-pay-save]", save)
        self.pay_button.click()

    def answer_bank(self, answer: str = "complete") -> None:
        """Answer the bank's question: complete or fail."""
        self.page.wait_for_url(re.compile("/challenge/"))
        self.page.click(f"button[name=action][value={answer}]")

    def save_card(self, number: str = GOOD_CARD, *, asks: bool = False) -> None:
        """Save a card on the page of saved cards."""
        self.go("/account/cards")
        self.fields.get_by_label("Card number").wait_for()
        self.type_card(number)
        self.page.click("#save-card button[type=submit]")
        if asks:
            self.answer_bank()
        self.page.wait_for_selector("[role=status] >> text=/card is saved/")

    def press_one_click(self, card: str, quantity: int) -> None:
        """Buy with the saved card of these last four figures."""
        self.go("/credits")
        form = self.page.locator("form[action='/credits/one-click']")
        form.get_by_label(re.compile(card)).check()
        form.locator("[name=quantity]").fill(str(quantity))
        form.locator("button[type=submit]").click()

    @property
    def purchase(self) -> str:
        """The ref of the purchase whose page is open."""
        found = re.search("pur_[a-zA-Z0-9]+", self.page.url)
        assert found, self.page.url
        return found.group()
