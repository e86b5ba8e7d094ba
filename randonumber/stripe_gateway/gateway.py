"""What the app asks Stripe for. Reads return frozen objects; writes go out through the journal of calls alone."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from randonumber import clock
from randonumber.stripe_gateway import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from randonumber.stripe_gateway.objects import (
        Account,
        Balance,
        BalanceTransaction,
        Charge,
        CheckoutSession,
        Customer,
        Event,
        PaymentIntent,
    )
    from randonumber.stripe_gateway.wire import Wire

PAGE_SIZE: Final = 100
"""The largest page that Stripe gives."""

WRITES: Final[Mapping[str, str]] = {
    "checkout_session.create": "/v1/checkout/sessions",
    "checkout_session.expire": "/v1/checkout/sessions/{session}/expire",
    "customer.create": "/v1/customers",
}
"""Every outbound write: our word for it, and where it is posted. A name in braces is taken out of the parameters."""

LISTS: Final[Mapping[str, str]] = {
    "checkout_sessions": "/v1/checkout/sessions",
    "customers": "/v1/customers",
}
"""The lists in which an object whose creation has an unknown outcome is looked up."""


class Gateway:
    """Stripe, as one app sees it. Made once; safe to use from several threads."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def send(
        self, operation: str, params: Mapping[str, Any], key: str, stripe_account: str | None = None
    ) -> dict[str, Any]:
        """Post one outbound write under an idempotency key, and return the object as Stripe gave it.

        For the journal of calls alone. Raises the errors of `stripe_gateway.errors`.
        """
        template = WRITES[operation]
        path = template.format_map(params)
        body = {name: value for name, value in params.items() if f"{{{name}}}" not in template}
        return self.wire.request("post", path, body, idempotency_key=key, stripe_account=stripe_account)

    def find_by_ref(self, kind: str, ref: str, **filters: str) -> dict[str, Any] | None:
        """Return the newest object of a list whose `metadata.ref` is `ref`, reading all pages; None when there is none.

        `kind` is `customers` (filter `email`) or `checkout_sessions` (filter `customer`).
        """
        for item in self._list(LISTS[kind], **filters):
            if (item.get("metadata") or {}).get("ref") == ref:
                return item
        return None

    def get_account(self) -> Account:
        """Return the account of the key."""
        return reading.account(self._get("/v1/account"))

    def clock_drift_seconds(self) -> int:
        """Return how far this machine's clock is ahead of Stripe's, by the `Date` of an answer."""
        self.get_account()
        answered_on = parsedate_to_datetime(self.wire.answered_on) if self.wire.answered_on else clock.now()
        return round((clock.now() - answered_on).total_seconds())

    def get_balance(self) -> Balance:
        """Return what Stripe holds for us at this moment, in US cents."""
        return reading.balance(self._get("/v1/balance"))

    def get_charge(self, charge_id: str) -> Charge:
        """Return a charge. Raises StripeNotFound."""
        return reading.charge(self._get(f"/v1/charges/{_segment(charge_id)}"))

    def get_checkout_session(self, session_id: str) -> CheckoutSession:
        """Return a Checkout Session. Raises StripeNotFound."""
        return reading.checkout_session(self._get(f"/v1/checkout/sessions/{_segment(session_id)}"))

    def get_payment_intent(self, payment_intent_id: str) -> PaymentIntent:
        """Return a PaymentIntent with its latest charge. Raises StripeNotFound."""
        path = f"/v1/payment_intents/{_segment(payment_intent_id)}"
        return reading.payment_intent(self._get(path, expand=["latest_charge"]))

    def list_balance_transactions(self, created_gte: datetime) -> list[BalanceTransaction]:
        """Return every balance transaction made at or after `created_gte` (whole seconds), newest first."""
        rows = self._list("/v1/balance_transactions", created={"gte": _seconds(created_gte)})
        return [reading.balance_transaction(row) for row in rows]

    def list_checkout_sessions(self, customer: str) -> list[CheckoutSession]:
        """Return every Checkout Session of a customer, newest first."""
        return [reading.checkout_session(row) for row in self._list("/v1/checkout/sessions", customer=customer)]

    def list_customers(self, email: str) -> list[Customer]:
        """Return every customer with exactly this address, newest first; deleted ones are not listed."""
        return [reading.customer(row) for row in self._list("/v1/customers", email=email)]

    def list_events(self, created_gte: datetime) -> list[Event]:
        """Return every event since `created_gte`, oldest first. Stripe lists events for 30 days."""
        rows = list(self._list("/v1/events", created={"gte": _seconds(created_gte)}))
        return [reading.event(row) for row in reversed(rows)]

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.wire.request("get", path, params)

    def _list(self, path: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield every object of a list, page by page."""
        page = self._get(path, limit=PAGE_SIZE, **filters)
        while True:
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            page = self._get(path, limit=PAGE_SIZE, starting_after=page["data"][-1]["id"], **filters)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _segment(given: str) -> str:
    """Return an id as one segment of a path: what came from outside must not lead to another object."""
    from urllib.parse import quote

    return quote(given, safe="")
