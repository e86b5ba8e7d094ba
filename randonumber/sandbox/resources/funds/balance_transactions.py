"""Balance transactions: the one door through which money enters, leaves or moves between accounts.

An account's balance is the sum of its balance transactions; a running sum by currency stands beside them, so that a
balance is read without adding up a history.

While a connected account whose losses its platform bears is below zero, as much is held back on the platform's balance
(https://docs.stripe.com/connect/account-balances#understanding-connected-reserve-balances).
"""

from dataclasses import dataclass

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.connect import connected_accounts
from randonumber.sandbox.resources.funds import balance
from randonumber.sandbox.resources.funds.payout_schedules import plan_payout
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.errors import invalid
from randonumber.sandbox.wire.lists import page

RELEASE = "funds_available"
# The transactions of a dispute stand in the dispute; by their source Stripe lists none of them, as recorded.
DISPUTE = "du_"


@dataclass(frozen=True, kw_only=True)
class Booking:
    """A movement of an account's balance by `amount - fee`, in minor units; `kind` is Stripe's `type`.

    Until `available_on` (now when None) the money is pending; the clock makes it available.
    """

    kind: str
    category: str
    amount: int
    currency: str
    source: str | None
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
    if entry["status"] == "pending":
        balance.move(scope, booking.currency, pending=entry["net"])
        schedule(scope, due, RELEASE, entry["id"])
    else:
        move_available(scope, booking.currency, entry["net"])
    return entry


def move_available(scope: Scope, currency: str, net: int, *, pending: int = 0) -> None:
    """Change what an account can spend, with what follows: the platform's reserve for it, and its next payout."""
    before = balance.available_minor(scope, currency)
    balance.move(scope, currency, available=net, pending=pending)
    owed = max(0, -before - net) - max(0, -before)
    if owed:
        reserve(scope, currency, owed)
    if net > 0:
        plan_payout(scope, currency)


def reserve(scope: Scope, currency: str, amount: int) -> None:
    """Hold back money of the platform that bears the losses of this account, or release it when below zero."""
    found = connected_accounts.find(scope, scope.account)
    if found and found.platform_bears_losses:
        platform = scope.at(scope.now, found.platform)
        book(
            platform,
            Booking(
                kind="reserve_transaction",
                category="connect_reserved_funds",
                amount=-amount,
                currency=currency,
                source=None,
                description=f"Reserve for {scope.account}",
            ),
        )
        balance.move(platform, currency, reserved=amount)


def funds_available(scope: Scope, transaction_id: str) -> None:
    """Make available what falls due with this balance transaction, as the clock does, and tell of it once."""
    for one in [transaction_id, *due_with(scope)]:
        found = scope.get("balance_transaction", one)
        entry = scope.save(found.body | {"status": "available"})
        move_available(scope, entry["currency"], entry["net"], pending=-entry["net"])
    record(scope, "balance.available", balance.show(scope))


def due_with(scope: Scope) -> list[str]:
    """Take what else becomes available at this moment on this account off the clock."""
    rows = scope.store.rows(
        "DELETE FROM due WHERE at = ? AND account = ? AND action = ? RETURNING object_id",
        scope.now, scope.account, RELEASE,
    )  # fmt: skip
    return [row["object_id"] for row in rows]


def retrieve(scope: Scope, params: Json, id: str) -> Json:  # noqa: A002 -- Stripe's name in the address
    """GET /v1/balance_transactions/{id}."""
    del params
    return scope.get("balance_transaction", id).body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/balance_transactions."""
    names = ("source", "type", "currency", "payout")
    equal = {name: params.get(name) for name in names}
    if "payout" in params:
        payout = scope.get("payout", params["payout"], param="payout", status=400).body
        if not payout["automatic"]:
            raise invalid(
                "Balance transaction history can only be filtered on automatic transfers, not manual.", param="payout"
            )
    if params.get("source", "").startswith(DISPUTE):
        return {"object": "list", "data": [], "has_more": False, "url": "/v1/balance_transactions"}
    return page(scope, "balance_transaction", params, url="/v1/balance_transactions", equal=equal)


OPERATIONS: Operations = {
    "GET /v1/balance_transactions": listing,
    "GET /v1/balance_transactions/{id}": retrieve,
}
DUE = {RELEASE: funds_available}
