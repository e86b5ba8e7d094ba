"""What every operation is driven on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import SESSION

if TYPE_CHECKING:
    import stripe
    from flask import Flask

RETURN = "http://127.0.0.1:5000/back"
HOOK: Any = {"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]}


class Drive:
    """The SDK on a sandbox, and a few objects that most operations need."""

    def __init__(self, sandbox: Flask, sdk: stripe.StripeClient) -> None:
        self.sandbox = sandbox
        self.v1 = sdk.v1
        self.customer = self.v1.customers.create({"email": "a@example.com"})
        self.session = self.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
        inprocess.pay(sandbox, self.session.id)
        self.charge = self.v1.charges.list().data[0]
        self.intent = self.v1.payment_intents.create({"amount": 900, "currency": "usd"})
        self.hook = self.v1.webhook_endpoints.create(HOOK)

    def open_session(self) -> str:
        return self.v1.checkout.sessions.create(SESSION).id  # type: ignore[arg-type]
