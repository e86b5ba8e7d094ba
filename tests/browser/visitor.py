"""A person at the shop: what they do, in words, and what their browser complains about."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage

AUDIT = Path(__file__).with_name("audit.js").read_text().split("\n", 1)[1].strip().removesuffix(";")
GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"


class Visitor:
    """One window with a profile of its own."""

    def __init__(self, base_url: str, context: BrowserContext) -> None:
        self.base_url = base_url
        self.context = context
        self.page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.messages: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.messages.append(f"error: {error}"))

    def go(self, path: str, status: int = 200) -> None:
        """Open a page of the shop."""
        response = self.page.goto(path)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"

    def register(self) -> str:
        """Register as somebody new and return the address."""
        email = f"visitor-{secrets.token_hex(4)}@example.com"
        password = secrets.token_urlsafe(18)
        self.go("/register")
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", password)
        self.page.fill("[name=password_confirm]", password)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url(f"{self.base_url}/")
        return email

    def sign_in(self, email: str, password: str) -> None:
        """Sign in with an address and its password."""
        self.go("/login")
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", password)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url(f"{self.base_url}/")

    def credits_left(self) -> int:
        """Return the credits that the navigation shows."""
        return int(self.page.inner_text("[data-credits-left]").replace(",", ""))

    def draw(self, *, minimum: int = 1, maximum: int = 6, n: int = 1) -> list[int]:
        """Draw on the home page and return the numbers shown large."""
        self.go("/")
        for name, value in {"min": minimum, "max": maximum, "n": n}.items():
            self.page.fill(f"form[action='/numbers'] [name={name}]", str(value))
        self.page.click("form[action='/numbers'] button[type=submit]")
        self.page.wait_for_url(re.compile("/numbers/drw_"))
        shown = self.page.locator("[data-value]").all_inner_texts()
        return [int(text.replace(",", "").replace("\u2212", "-")) for text in shown]

    def choose_pack(self, pack: int) -> None:
        """Press Buy on a pack: the hosted page of Stripe opens."""
        self.go("/credits")
        self.page.click(f"button[name=pack][value='{pack}']")
        self.page.wait_for_url(re.compile("/checkout/cs_"))

    def pay(self, card: str = GOOD_CARD) -> None:
        """Pay on the hosted page."""
        fields = {"email": "buyer@example.com", "card_number": card, "exp": "12/34", "cvc": "123"}
        for name, value in fields.items():
            field = self.page.locator(f"[name={name}]")
            if field.is_editable():
                field.fill(value)
        self.page.click("button[name=action][value=pay]")

    def wait_until_paid(self) -> None:
        """Wait on the purchase's page until it says that the money came."""
        self.page.wait_for_url(re.compile("/credits/purchases/pur_"))
        self.page.wait_for_selector(".status >> text=/^paid$/", timeout=60_000)

    def audit(self) -> list[str]:
        """Return what the page as it stands does wrong: names, headings, labels, contrast, width."""
        problems: list[str] = self.page.evaluate(AUDIT)
        return problems

    def _heard(self, message: ConsoleMessage) -> None:
        """Keep a message of the console; that an address answered 404 or 422 is what some tests ask for."""
        if not re.match("Failed to load resource: the server responded with a status of 4", message.text):
            self.messages.append(f"{message.type}: {message.text} ({self.page.url})")
