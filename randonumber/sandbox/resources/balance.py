"""The platform's balance and the transactions that make it up.

Fees are Stripe's standard ones for cards, 2.9 % + 30 (https://stripe.com/pricing), rounded half up; funds become
available two days later, as for a US account (https://docs.stripe.com/payouts), or at once with card 4000000000000077.
"""

from collections import defaultdict

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.lists import page

DAY = 24 * 60 * 60
DAYS_PENDING = 2
DEFAULT_CURRENCY = "usd"


def fee_minor(amount_minor: int) -> int:
    """2.9 % + 30, rounded half up, in minor units."""
    return (amount_minor * 29 + 500) // 1000 + 30


def settle(scope: Scope, charge_id: str, *, at_once: bool) -> None:
    """Give a paid charge its balance transaction, tell of it, and let the funds come in time."""
    charge = scope.get("charge", charge_id).body
    before = dict(charge)
    available_on = scope.now if at_once else scope.now + DAYS_PENDING * DAY
    fee = fee_minor(charge["amount"])
    entry = enter(scope, charge, available_on, fee)
    charge["balance_transaction"] = entry["id"]
    scope.save(charge)
    updated(scope, "charge.updated", before, charge)
    if at_once:
        record(scope, "balance.available", balance(scope))
    else:
        schedule(scope, available_on, "funds_available", entry["id"])


def enter(scope: Scope, charge: Json, available_on: int, fee: int) -> Json:
    """Write the balance transaction of a charge."""
    currency = charge["currency"]
    return scope.insert(
        {
            "id": new_id("balance_transaction"),
            "object": "balance_transaction",
            "amount": charge["amount"],
            "available_on": available_on,
            "balance_type": "payments",
            "created": scope.now,
            "currency": currency,
            "description": charge["description"],
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {
                    "amount": fee,
                    "application": None,
                    "currency": currency,
                    "description": "Stripe processing fees",
                    "type": "stripe_fee",
                }
            ],
            "net": charge["amount"] - fee,
            "reporting_category": "charge",
            "source": charge["id"],
            "status": "available" if available_on <= scope.now else "pending",
            "type": "charge",
        }
    )


def funds_available(scope: Scope, transaction_id: str) -> None:
    """Make a pending balance transaction available, as the clock does."""
    found = scope.find("balance_transaction", transaction_id)
    if found and found.body["status"] == "pending":
        scope.save(found.body | {"status": "available"})
        record(scope, "balance.available", balance(scope))


def balance(scope: Scope) -> Json:
    """Return the balance object: sums over the balance transactions, by currency."""
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    sums["available"][DEFAULT_CURRENCY] = sums["pending"][DEFAULT_CURRENCY] = 0
    for row in scope.store.rows(
        "SELECT json_extract(body, '$.status') AS status, json_extract(body, '$.currency') AS currency, "
        "sum(json_extract(body, '$.net')) AS net FROM objects WHERE account = ? AND kind = 'balance_transaction' "
        "GROUP BY 1, 2",
        scope.account,
    ):
        sums[row["status"]][row["currency"]] += row["net"]
    parts = {
        status: [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(by_currency.items())
        ]
        for status, by_currency in sums.items()
    }
    reserved = [{"amount": 0, "currency": currency} for currency in sorted(sums["available"])]
    return {"object": "balance", "connect_reserved": reserved, "livemode": False, **parts}


def retrieve_balance(scope: Scope, params: Json) -> Json:
    """GET /v1/balance."""
    del params
    return balance(scope)


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
    "GET /v1/balance": retrieve_balance,
    "GET /v1/balance_transactions": listing,
    "GET /v1/balance_transactions/{id}": retrieve,
}
DUE = {"funds_available": funds_available}
