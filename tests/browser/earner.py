"""Somebody with money in the wallet: tops it up, connects a Stripe account, and is paid out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import requests

from tests.browser.shopper import Shopper
from tests.browser.visitor import GOOD_CARD

if TYPE_CHECKING:
    from tests.whole.checkout import Checkout

WEEK_SECONDS = 7 * 24 * 3600


class Earner(Shopper):
    """One window at the wallet and the payout account."""

    def top_up(self, amount: str, card: str = GOOD_CARD) -> None:
        """Top the wallet up on Stripe's page, up to the top-up's own page."""
        self.go("/wallet")
        self.page.fill("form[action='/wallet/topups'] input[name=amount]", amount)
        self.page.get_by_role("button", name="Top up the wallet").click()
        self.page.wait_for_url(re.compile("/checkout/cs_"))
        self.pay(card)

    def wait_until_topped_up(self, state: str = "on its way|available") -> None:
        """Wait on the top-up's page until it shows a state."""
        self.page.wait_for_url(re.compile("/wallet/topups/top_"))
        self.page.locator(".status").filter(has_text=re.compile(state)).first.wait_for(timeout=60_000)

    def connect(self, way: str) -> None:
        """Connect an account at Stripe, up to our page that shows it ready."""
        self.go("/payouts")
        if way == "standard":
            self.page.get_by_role("link", name="Connect it at Stripe").click()
            self.page.wait_for_url(re.compile("/oauth/authorize"))
            self.page.click("button[name=action][value=connect]")
        else:
            self.page.click(f"form:has([name=type][value={way}]) button[type=submit]")
            self.page.wait_for_url(re.compile("/onboarding/acct_"))
            self.page.click("button[name=action][value=complete]")
        self.page.wait_for_selector("#payout-account")

    def withdraw(self, amount: str) -> None:
        """Withdraw an amount, up to the page of the withdrawal."""
        self.go("/wallet")
        self.page.fill("form[action='/wallet/withdrawals'] input[name=amount]", amount)
        self.page.get_by_role("button", name="Withdraw this amount").click()


def let_funds_come(shop: Checkout) -> None:
    """Let a week pass at Stripe: what was paid can be used."""
    requests.post(
        f"{shop.sandbox_url}/_sandbox/clock", json={"advance_seconds": WEEK_SECONDS}, timeout=60
    ).raise_for_status()


def wait_for_funds(person: Earner, available: str) -> None:
    """Look at the wallet until this much is available."""
    for _ in range(60):
        person.go("/wallet")
        if person.page.locator(".figures dd").first.inner_text() == available:
            return
        person.page.wait_for_timeout(1000)
    message = f"{available} did not become available"
    raise AssertionError(message)
