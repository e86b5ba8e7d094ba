"""Balance transactions: the one door through which money enters, leaves or moves between accounts.

An account's balance is the sum of its balance transactions; a running sum by currency stands beside them, so that a
balance is read without adding up a history.
"""

from dataclasses import dataclass

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources import balance
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.lists import page


@dataclass(frozen=True, kw_only=True)
class Booking:
    """A movement of an account's balance by `amount - fee`, in minor units; `kind` is Stripe's `type`.

    Until `available_on` (now when None) the money is pending; the clock makes it available.
    """

    kind: str
    category: str
    amount: int
    currency: str
    source: str
    fee: int = 0
    fee_description: str = "Stripe processing fees"
    available_on: int | None = None
    description: str | None = None

    @property
    def fee_details(self) -> list[Json]:
        """What the fee is made of."""
        details = {
            "amount": self.fee,
            "application": None,
            "currency": self.currency,
            "description": self.fee_description,
            "type": "stripe_fee",
        }
        return [details] if self.fee else []


def book(scope: Scope, booking: Booking) -> Json:
    """Write a balance transaction of the scope's account and move its balance."""
    due = scope.now if booking.available_on is None else booking.available_on
    entry = scope.insert(
        {
            "id": new_id("balance_transaction"),
            "object": "balance_transaction",
            "amount": booking.amount,
            "available_on": due,
            "balance_type": "payments",
            "created": scope.now,
            "currency": booking.currency,
            "description": booking.description,
            "exchange_rate": None,
            "fee": booking.fee,
            "fee_details": booking.fee_details,
            "net": booking.amount - booking.fee,
            "reporting_category": booking.category,
            "source": booking.source,
            "status": "available" if due <= scope.now else "pending",
            "type": booking.kind,
        }
    )
    balance.move(scope, booking.currency, **{entry["status"]: entry["net"]})
    if entry["status"] == "pending":
        schedule(scope, due, "funds_available", entry["id"])
    return entry


def funds_available(scope: Scope, transaction_id: str) -> None:
    """Make a pending balance transaction available, as the clock does."""
    found = scope.find("balance_transaction", transaction_id)
    if found and found.body["status"] == "pending":
        entry = scope.save(found.body | {"status": "available"})
        balance.move(scope, entry["currency"], pending=-entry["net"], available=entry["net"])
        record(scope, "balance.available", balance.show(scope))


def retrieve(scope: Scope, params: Json, id: str) -> Json:  # noqa: A002 -- Stripe's name in the address
    """GET /v1/balance_transactions/{id}."""
    del params
    return scope.get("balance_transaction", id).body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/balance_transactions."""
    names = ("source", "type", "currency")
    equal = {name: params.get(name) for name in names}
    if "payout" in params:
        scope.get("payout", params["payout"], param="payout", status=400)
    return page(scope, "balance_transaction", params, url="/v1/balance_transactions", equal=equal)


OPERATIONS: Operations = {
    "GET /v1/balance_transactions": listing,
    "GET /v1/balance_transactions/{id}": retrieve,
}
DUE = {"funds_available": funds_available}
