"""What the app asks Stripe for. Reads return frozen objects; writes go out through the journal of calls alone."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from randonumber import clock
from randonumber.stripe_gateway import reading
from randonumber.stripe_gateway.connect import Connect
from randonumber.stripe_gateway.paths import segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from randonumber.stripe_gateway.objects import (
        Account,
        Balance,
        BalanceTransaction,
        Card,
        Charge,
        CheckoutSession,
        Customer,
        Dispute,
        Event,
        PaymentIntent,
        Refund,
        SetupIntent,
        WebhookEndpoint,
    )
    from randonumber.stripe_gateway.wire import Wire

PAGE_SIZE: Final = 100
"""The largest page that Stripe gives."""

PAYMENTS: Final = "payments"

WRITES: Final[Mapping[str, str]] = {
    "account.create": "/v1/accounts",
    "checkout_session.create": "/v1/checkout/sessions",
    "checkout_session.expire": "/v1/checkout/sessions/{session}/expire",
    "customer.create": "/v1/customers",
    "payment_intent.cancel": "/v1/payment_intents/{intent}/cancel",
    "payment_intent.confirm": "/v1/payment_intents/{intent}/confirm",
    "payment_intent.create": "/v1/payment_intents",
    "payment_method.detach": "/v1/payment_methods/{payment_method}/detach",
    "refund.create": "/v1/refunds",
    "setup_intent.cancel": "/v1/setup_intents/{intent}/cancel",
    "setup_intent.create": "/v1/setup_intents",
    "transfer.create": "/v1/transfers",
}
"""Every outbound write: our word for it, and where it is posted. A name in braces is taken out of the parameters."""

LISTS: Final[Mapping[str, str]] = {
    "accounts": "/v1/accounts",
    "checkout_sessions": "/v1/checkout/sessions",
    "customers": "/v1/customers",
    "payment_intents": "/v1/payment_intents",
    "refunds": "/v1/refunds",
    "setup_intents": "/v1/setup_intents",
    "transfers": "/v1/transfers",
}
"""The lists in which an object whose creation has an unknown outcome is looked up."""


class Gateway:
    """Stripe, as one app sees it. Made once; safe to use from several threads."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.connect = Connect(self)

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

    def find_by_ref(self, kind: str, ref: str, **filters: Any) -> dict[str, Any] | None:
        """Return the newest object of a list whose `metadata.ref` is `ref`, reading all pages; None when there is none.

        `kind` is `customers` (filter `email`), `refunds` (filter `payment_intent`), `transfers` (filter
        `transfer_group`), `accounts` (filter `created`), or one of `checkout_sessions`, `payment_intents` and
        `setup_intents` (filter `customer`).
        """
        for item in self.each(LISTS[kind], **filters):
            if (item.get("metadata") or {}).get("ref") == ref:
                return item
        return None

    def get_account(self) -> Account:
        """Return the account of the key."""
        return reading.account(self.get("/v1/account"))

    def clock_drift_seconds(self) -> int:
        """Return how far this machine's clock is ahead of Stripe's, by the `Date` of an answer."""
        self.get_account()
        answered_on = parsedate_to_datetime(self.wire.answered_on) if self.wire.answered_on else clock.now()
        return round((clock.now() - answered_on).total_seconds())

    def reached_at(self) -> datetime:
        """Return a moment that Stripe's clock has reached, by Stripe's own word: never later than its present.

        It is when the newest event was made, or the `Date` of this answer where that is later. They differ where
        Stripe's clock was moved, which no `Date` follows; without a new event such a move is not seen.
        """
        events = self.get("/v1/events", limit=1)["data"]
        named = [clock.from_timestamp(events[0]["created"])] if events else []
        if self.wire.answered_on:
            named.append(parsedate_to_datetime(self.wire.answered_on))
        return max(named, default=clock.from_timestamp(0))

    def get_balance(self) -> Balance:
        """Return what Stripe holds for us at this moment, in US cents."""
        return reading.balance(self.get("/v1/balance"))

    def get_charge(self, charge_id: str) -> Charge:
        """Return a charge. Raises StripeNotFound."""
        return reading.charge(self.get(f"/v1/charges/{segment(charge_id)}"))

    def get_card(self, payment_method_id: str) -> Card | None:
        """Return a saved card; None for a payment method that is no card. Raises StripeNotFound."""
        found = self.get(f"/v1/payment_methods/{segment(payment_method_id)}")
        return reading.card(found) if found["type"] == "card" else None

    def get_checkout_session(self, session_id: str) -> CheckoutSession:
        """Return a Checkout Session. Raises StripeNotFound."""
        return reading.checkout_session(self.get(f"/v1/checkout/sessions/{segment(session_id)}"))

    def get_dispute(self, dispute_id: str) -> Dispute:
        """Return a dispute. Raises StripeNotFound."""
        return reading.dispute(self.get(f"/v1/disputes/{segment(dispute_id)}"))

    def get_payment_intent(self, payment_intent_id: str) -> PaymentIntent:
        """Return a PaymentIntent with its latest charge. Raises StripeNotFound."""
        path = f"/v1/payment_intents/{segment(payment_intent_id)}"
        return reading.payment_intent(self.get(path, expand=["latest_charge"]))

    def show_payment_intent(self, payment_intent_id: str) -> dict[str, Any]:
        """Return a PaymentIntent with its latest charge as Stripe gives it, like a write that moves it.

        For the look-up of such a write. Raises StripeNotFound.
        """
        return self.get(f"/v1/payment_intents/{segment(payment_intent_id)}", expand=["latest_charge"])

    def get_refund(self, refund_id: str) -> Refund:
        """Return a refund. Raises StripeNotFound."""
        return reading.refund(self.get(f"/v1/refunds/{segment(refund_id)}"))

    def get_setup_intent(self, setup_intent_id: str) -> SetupIntent:
        """Return a SetupIntent. Raises StripeNotFound."""
        return reading.setup_intent(self.get(f"/v1/setup_intents/{segment(setup_intent_id)}"))

    def list_balance_transactions(self, created_gte: datetime) -> list[BalanceTransaction]:
        """Return every balance transaction made at or after `created_gte` (whole seconds), newest first.

        Those of what is available and pending alone: `balance_type` names other balances of the same account
        (`issuing`, `risk_reserved`), which are no part of it.
        """
        rows = self.each("/v1/balance_transactions", created={"gte": _seconds(created_gte)})
        return [reading.balance_transaction(row) for row in rows if (row.get("balance_type") or PAYMENTS) == PAYMENTS]

    def list_cards(self, customer: str) -> list[Card]:
        """Return every saved card of a customer, newest first. Raises StripeNotFound."""
        rows = self.each(f"/v1/customers/{segment(customer)}/payment_methods", type="card")
        return [reading.card(row) for row in rows]

    def list_checkout_sessions(self, customer: str) -> list[CheckoutSession]:
        """Return every Checkout Session of a customer, newest first."""
        return [reading.checkout_session(row) for row in self.each("/v1/checkout/sessions", customer=customer)]

    def list_customers(self, email: str) -> list[Customer]:
        """Return every customer with exactly this address, newest first; deleted ones are not listed."""
        return [reading.customer(row) for row in self.each("/v1/customers", email=email)]

    def list_disputes(self, charge: str) -> list[Dispute]:
        """Return every dispute of a charge, oldest first."""
        rows = [reading.dispute(row) for row in self.each("/v1/disputes", charge=charge)]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    def list_events(self, created_gte: datetime) -> list[Event]:
        """Return every event since `created_gte`, oldest first. Stripe lists events for 30 days."""
        rows = list(self.each("/v1/events", created={"gte": _seconds(created_gte)}))
        return [reading.event(row) for row in reversed(rows)]

    def list_refunds(self, charge: str) -> list[Refund]:
        """Return every refund of a charge, oldest first."""
        rows = [reading.refund(row) for row in self.each("/v1/refunds", charge=charge)]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    def list_webhook_endpoints(self) -> list[WebhookEndpoint]:
        """Return every address that our account's events, or those of connected accounts, are sent to."""
        return [reading.webhook_endpoint(row) for row in self.each("/v1/webhook_endpoints")]

    def get_balance_transaction(self, txn_id: str) -> BalanceTransaction:
        """Return a balance transaction, with when its money can be used. Raises StripeNotFound."""
        return reading.balance_transaction(self.get(f"/v1/balance_transactions/{segment(txn_id)}"))

    def show_balance_transaction(self, txn_id: str) -> dict[str, Any]:
        """Return a balance transaction with what it is of, as Stripe gives them. Raises StripeNotFound."""
        return self.get(f"/v1/balance_transactions/{segment(txn_id)}", expand=["source"])

    def get(self, path: str, *, stripe_account: str | None = None, **params: Any) -> dict[str, Any]:
        """Return the object at a path, as Stripe gives it."""
        return self.wire.request("get", path, params, stripe_account=stripe_account)

    def each(self, path: str, *, stripe_account: str | None = None, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield every object of a list, page by page, newest first."""
        page = self.get(path, stripe_account=stripe_account, limit=PAGE_SIZE, **filters)
        while True:
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            last = page["data"][-1]["id"]
            page = self.get(path, stripe_account=stripe_account, limit=PAGE_SIZE, starting_after=last, **filters)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
