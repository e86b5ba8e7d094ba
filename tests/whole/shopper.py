"""A person whose browser runs no JavaScript. `python -m tests.whole.shopper URL` walks the main way over HTTP."""

from __future__ import annotations

import html
import re
import secrets
import sys
import time
from urllib.parse import urljoin

import requests

DEADLINE_SECONDS = 60


class Shopper:
    """One browser session at the shop."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.email = f"buyer-{secrets.token_hex(4)}@example.com"
        self.password = secrets.token_urlsafe(18)

    def get(self, path: str) -> requests.Response:
        return self._expect(self.http.get(urljoin(self.base_url, path), timeout=30), 200)

    def submit(self, page: str, action: str, **fields: object) -> requests.Response:
        """Send a form as the page at `page` has it: its hidden fields and ours; return the answer unfollowed."""
        text = self.get(page).text
        data = {**hidden_fields(text, action), **fields}
        return self.http.post(urljoin(self.base_url, action), data=data, allow_redirects=False, timeout=30)

    def register(self) -> None:
        fields = {"email": self.email, "password": self.password, "password_confirm": self.password}
        self._expect(self.submit("/register", "/register", **fields), 302, 303)

    def start_purchase(self, pack: int = 10) -> str:
        """Press Buy and return the address of Stripe's hosted page."""
        answer = self._expect(self.submit("/credits", "/credits/checkout", pack=pack), 303)
        return answer.headers["Location"]

    def pay(self, hosted_page: str, card: str = "4242424242424242") -> str:
        """Pay on the hosted page and return the address that it leads back to."""
        form = {"email": self.email, "card_number": card, "exp": "12/34", "cvc": "123", "action": "pay"}
        answer = self._expect(self.http.post(hosted_page, data=form, allow_redirects=False, timeout=30), 303)
        return answer.headers["Location"]

    def make_key(self) -> str:
        """Make an API key on the account page and return it."""
        answer = self.submit("/account", "/account/keys", name="script", scopes=["draw", "read"])
        if answer.status_code in {302, 303}:
            answer = self.http.get(urljoin(self.base_url, answer.headers["Location"]), timeout=30)
        found = re.search(r'<code[^>]*id="new-key"[^>]*>\s*(rn_[^<\s]+)\s*</code>', answer.text)
        assert found, answer.text[:2000]
        return found[1]

    def balance(self, key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        answer = self._expect(requests.get(f"{self.base_url}/api/v1/balance", headers=headers, timeout=30), 200)
        credits_: int = answer.json()["credits"]
        return credits_

    def draw(self, key: str, n: int, idempotency_key: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        body = {"type": "integer", "min": 1, "max": 6, "n": n}
        return requests.post(f"{self.base_url}/api/v1/numbers", json=body, headers=headers, timeout=30)

    def wait_for_credits(self, key: str, expected: int) -> None:
        """Ask until the balance is `expected`; fail after a minute."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (seen := self._balance_if_any(key)) != expected:
            assert time.monotonic() < deadline, f"{seen} credits instead of {expected}"
            time.sleep(0.1)

    def _balance_if_any(self, key: str) -> int | None:
        try:
            return self.balance(key)
        except (requests.ConnectionError, AssertionError):
            return None

    @staticmethod
    def _expect(answer: requests.Response, *statuses: int) -> requests.Response:
        assert answer.status_code in statuses, f"{answer.url}: {answer.status_code}\n{answer.text[:3000]}"
        return answer


def hidden_fields(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form on the page that leads to `action`."""
    for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL):
        target = re.search(r'action="([^"]*)"', form.split(">", 1)[0])
        if target and html.unescape(target[1]).split("?")[0] in {action, ""}:
            inputs = re.findall(r"<input\b[^>]*type=\"hidden\"[^>]*>", form)
            return {_attribute(field, "name"): _attribute(field, "value") for field in inputs}
    message = f"no form leads to {action}"
    raise AssertionError(message)


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def walk_the_main_way(base_url: str) -> None:
    """Register, buy 10 credits, see 13, draw 5, see 8."""
    shopper = Shopper(base_url)
    shopper.register()
    key = shopper.make_key()
    assert shopper.balance(key) == 3
    back = shopper.pay(shopper.start_purchase(pack=10))
    assert back.startswith(base_url)
    shopper.wait_for_credits(key, 13)
    answer = shopper.draw(key, 5)
    assert answer.status_code == 201, answer.text
    assert shopper.balance(key) == 8


if __name__ == "__main__":
    walk_the_main_way(sys.argv[1].rstrip("/"))
    print("13 credits after the purchase, 8 after five numbers")
