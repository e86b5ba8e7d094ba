"""A buyer on our own page: what Stripe's script does in the browser, done by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import stripe

from randonumber import hooks
from randonumber.credits import service
from randonumber.credits.models import PurchaseMethod
from randonumber.credits.service import Order
from randonumber.sandbox import inprocess
from randonumber.sandbox.inprocess import SandboxHTTPClient

if TYPE_CHECKING:
    from randonumber.credits.service import OnPage
    from tests.people import Person
    from tests.stripe_fixtures import StripeSandbox

INTENTS = "POST /v1/payment_intents"
CANCELS = "POST /v1/payment_intents/{intent}/cancel"
DECLINED = "pm_card_chargeDeclined"
CHALLENGED = "pm_card_threeDSecure2Required"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One window with the on-page form."""

    person: Person
    sandbox: StripeSandbox
    form_ref: str = "form-0001"

    def press(self, quantity: int = 10, *, saves_card: bool = False) -> OnPage:
        """Press Pay: what the server answers the page's script."""
        buyer = hooks.Person(user_id=self.person.id, ref=self.person.ref, email=self.person.email)
        order = Order(quantity=quantity, form_ref=self.form_ref, method=PurchaseMethod.CUSTOM, saves_card=saves_card)
        return service.start_on_page(buyer, order, network="10.0.0.0/24")

    def pay(self, secret: str | None, method: str = "pm_card_visa", answer: str = "complete") -> str:
        """Confirm an intent as Stripe's script does, answer the bank if it asks, and return where the intent is."""
        assert secret is not None
        transport = SandboxHTTPClient(self.sandbox.app)
        browser = stripe.StripeClient("pk_test_sandbox", http_client=transport, max_network_retries=0)
        wanted: Any = {"client_secret": secret, "payment_method": method, "return_url": "http://127.0.0.1:5000/back"}
        try:
            found = browser.v1.payment_intents.confirm(id_of(secret), wanted)
        except stripe.StripeError as error:
            return f"{error.code}"
        if found.next_action is not None:
            url = found.next_action.to_dict()["redirect_to_url"]["url"]
            assert urlsplit(url).path.startswith("/challenge/")
            inprocess.answer_challenge(self.sandbox.app, url, answer)
        return str(self.sandbox.client.v1.payment_intents.retrieve(found.id).status)


def id_of(secret: str | None) -> str:
    """Return the intent that a client secret opens."""
    found = re.match("(pi_[A-Za-z0-9]+)_secret_", secret or "")
    assert found
    return found[1]


def intents_at_stripe(sandbox: StripeSandbox, *statuses: str) -> int:
    """Count the intents there are, or those in some states."""
    found = sandbox.client.v1.payment_intents.list({"limit": 100}).data
    return sum(not statuses or one.status in statuses for one in found)


def taken(sandbox: StripeSandbox) -> int:
    """Return the money that was taken, in cents."""
    return sum(one.amount_received for one in sandbox.client.v1.payment_intents.list({"limit": 100}).data)
