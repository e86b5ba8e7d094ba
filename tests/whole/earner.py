"""Somebody who is paid out, over HTTP alone: `python -m tests.whole.earner URL SANDBOX_URL` walks every way."""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import urljoin

import requests

from tests.whole.shopper import DEADLINE_SECONDS, Shopper

SECRET_KEY = "sk_test_sandbox"
WEEK_SECONDS = 7 * 24 * 3600
WAYS = ("express", "standard", "custom")


class Earner(Shopper):
    """One browser session at the shop, with a Stripe account at the sandbox."""

    def __init__(self, base_url: str, sandbox_url: str) -> None:
        super().__init__(base_url)
        self.sandbox_url = sandbox_url
        self.key = ""

    def begin(self) -> None:
        """Register, and make a key that reads what the pages show."""
        self.register()
        self.key = self.make_key()

    def connect(self, way: str) -> str:
        """Connect a Stripe account in one of the three ways, and return its id once money can go there."""
        back = self._by_oauth() if way == "standard" else self._by_onboarding(way)
        assert back.startswith(self.base_url), back
        self.http.get(back, timeout=30)
        account = self.wait_for("/api/v1/payout-account", lambda found: bool(found.get("transfers_active")))
        assert account["type"] == way
        return str(account["account"])

    def top_up(self, amount: str) -> None:
        """Put money into the wallet on Stripe's page, and wait until it shows as on its way."""
        before = self.wallet()
        answer = self._expect(self.submit("/wallet", "/wallet/topups", amount=amount), 303)
        self.pay(answer.headers["Location"])
        self.wait_for_wallet(pending=before["pending"] + _cents(amount), available=before["available"])

    def wait_for_funds(self, amount: str) -> None:
        """Let a week pass at the sandbox, and wait until the money can be used."""
        self.advance(WEEK_SECONDS)
        self.wait_for_wallet(pending=0, available=_cents(amount))

    def withdraw(self, amount: str) -> str:
        """Ask for a withdrawal and return its ref once it is paid."""
        self._expect(self.submit("/wallet", "/wallet/withdrawals", amount=amount), 303)
        found = self.wait_for("/api/v1/withdrawals", lambda page: page["data"][0]["status"] == "paid")
        return str(found["data"][0]["withdrawal"])

    def wallet(self) -> dict[str, Any]:
        """Return what stands in the wallet, in cents."""
        found: dict[str, Any] = self._ask("/api/v1/balance")["wallet"]
        return found

    def wait_for_wallet(self, **expected: int) -> None:
        """Wait until these figures stand in the wallet."""
        self.wait_for("/api/v1/balance", lambda found: expected.items() <= found["wallet"].items())

    def wait_for(self, path: str, is_there: Any) -> dict[str, Any]:
        """Ask the API until an answer satisfies; fail after a minute."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not is_there(found := self._ask(path)):
            assert time.monotonic() < deadline, f"{path} still says {found}"
            time.sleep(0.1)
        return found

    def advance(self, seconds: int) -> None:
        """Move the sandbox's clock."""
        body = {"advance_seconds": seconds}
        self._expect(requests.post(f"{self.sandbox_url}/_sandbox/clock", json=body, timeout=60), 200)

    def balance_at_stripe(self, account: str) -> int:
        """Return what a connected account holds at the sandbox, in cents."""
        headers = {"Authorization": f"Bearer {SECRET_KEY}", "Stripe-Account": account}
        found = self._expect(requests.get(f"{self.sandbox_url}/v1/balance", headers=headers, timeout=30), 200).json()
        return sum(row["amount"] for part in ("available", "pending") for row in found[part])

    def _by_oauth(self) -> str:
        answer = self.http.get(urljoin(self.base_url, "/payouts/oauth/start"), allow_redirects=False, timeout=30)
        consent = self._expect(answer, 303).headers["Location"]
        agreed = self.http.post(consent, data={"action": "connect"}, allow_redirects=False, timeout=30)
        return self._expect(agreed, 303).headers["Location"]

    def _by_onboarding(self, way: str) -> str:
        answer = self._expect(self.submit("/payouts", "/payouts/onboarding", type=way), 303)
        done = self.http.post(
            answer.headers["Location"], data={"action": "complete"}, allow_redirects=False, timeout=30
        )
        return self._expect(done, 303).headers["Location"]

    def _ask(self, path: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = requests.get(urljoin(self.base_url, path), headers=headers, timeout=30)
        found: dict[str, Any] = self._expect(answer, 200, 404).json()
        return found


def walk(base_url: str, sandbox_url: str, way: str) -> None:
    """Connect, top up 50.00, wait for the funds, withdraw 20.00, and find them at the connected account."""
    earner = Earner(base_url, sandbox_url)
    earner.begin()
    account = earner.connect(way)
    earner.top_up("50.00")
    earner.wait_for_funds("50.00")
    earner.withdraw("20.00")
    assert earner.balance_at_stripe(account) == 2000
    earner.wait_for_wallet(available=3000, pending=0, held=0)


def _cents(amount: str) -> int:
    return int(amount.replace(".", ""))


if __name__ == "__main__":
    for each in WAYS:
        walk(sys.argv[1], sys.argv[2], each)
        sys.stdout.write(f"{each}: paid\n")
