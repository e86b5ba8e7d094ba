"""A buyer at a shop with Stripe.js: what they do, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.browser.visitor import AUDIT, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, FrameLocator

FRAME = 'iframe[title="Secure payment input frame"]:not([aria-hidden])'
THROWN = """async ([code, clientSecret]) => {
  const { stripe, elements, element } = window.shop;
  const fresh = () => stripe.elements({ mode: "payment", amount: 100, currency: "usd" });
  try { await eval(code); }
  catch (error) { return `${error.name}: ${error.message}`; }
  return null;
}"""
"""What an expression throws, or its promise: with `fresh()` for other elements than the page's."""
OF_A_PAGE = ("times <h1>", "times <main>")
"""What the audit wants of every page, and a part of a page has not."""


class Buyer(Visitor):
    """One window, at the shop and at the sandbox's pages."""

    def __init__(self, shop_url: str, stripe_url: str, context: BrowserContext) -> None:
        super().__init__(shop_url, context)
        self.stripe_url = stripe_url
        self.page.set_default_timeout(8_000)

    def be_new(self) -> None:
        """Leave nothing for the next who gets the window; no page of the shop or the sandbox keeps more than this."""
        self.context.unroute_all()
        self.context.clear_cookies()
        self.page.goto("about:blank")
        self.messages.clear()

    @property
    def fields(self) -> FrameLocator:
        """The inside of the Payment Element."""
        return self.page.frame_locator(FRAME)

    def open(self, **asked: Any) -> None:
        """Open the shop's form and wait for the fields."""
        self.go("/pay?" + "&".join(f"{name}={value}" for name, value in asked.items()))
        self.fields.get_by_label("Card number").wait_for()

    def type_card(self, number: str = "4242424242424242", expiry: str = "1240", code: str = "123") -> None:
        """Type a card as people do, key by key."""
        for label, text in {"Card number": number, "Expiration date": expiry, "Security code": code}.items():
            field = self.fields.get_by_label(label)
            field.fill("")
            field.press_sequentially(text)

    def press_pay(self) -> None:
        self.page.get_by_role("button", name="Pay").click()

    def error(self) -> str:
        """Wait for the shop to say something, and return it."""
        self.page.locator("#error:not(:empty)").wait_for()
        return self.page.inner_text("#error")

    def answer(self) -> Any:
        """Return what Stripe.js answered the shop."""
        self.page.locator("form[data-answered]").wait_for()
        return self.page.evaluate("window.answer")

    def come_back(self) -> str:
        """Wait on the shop's page after the payment until it says how it went."""
        self.page.wait_for_url(re.compile("/return"))
        self.page.locator("#status:not(:empty)").wait_for()
        return self.page.inner_text("#status")

    def tab_to(self, name: str) -> None:
        """Press Tab until the field of that name of a hosted page has the focus."""
        for _ in range(15):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.name") == name:
                return
        msg = f"no way to {name} by keyboard"
        raise AssertionError(msg)

    def heard(self, name: str) -> list[Any]:
        """Return the events of that name which the element sent to the shop."""
        return [event for heard, event in self.page.evaluate("window.heard") if heard == name]

    def run(self, code: str) -> Any:
        """Return what an expression of the shop's script comes to."""
        names = "const { stripe, elements, element } = shop;"
        return self.page.evaluate(f"async () => {{ {names} return await {code}; }}")

    def thrown(self, code: str, secret: str = "") -> str | None:
        """Return what an expression of the shop's script throws. The page must let tests evaluate what they like."""
        found: str | None = self.page.evaluate(THROWN, [code, secret])
        return found

    def challenge(self, answer: str) -> None:
        """Answer the bank's question."""
        self.page.wait_for_url(re.compile("/challenge/"))
        self.page.get_by_role("button", name=answer).click()

    def audit_fields(self) -> list[str]:
        """Return what the fields do wrong for those who read or type otherwise."""
        frame = next(frame for frame in self.page.frames if "/js/elements/payment" in frame.url)
        frame.evaluate(
            "document.documentElement.style.background = 'Canvas'"
        )  # it is see-through; so the audit sees what is behind
        problems: list[str] = frame.evaluate(AUDIT)
        return [problem for problem in problems if not any(words in problem for words in OF_A_PAGE)]
