"""What a paid charge brings to the balance, and what Stripe keeps of it.

Fees are Stripe's standard ones (https://stripe.com/pricing), rounded half up: for cards 2.9 % + 30, for bank debits
0.8 %, at most 500. Funds become available two days later, as for a US account (https://docs.stripe.com/payouts); at
once with card 4000000000000077, and for bank debits, which have taken their days by then, as in Stripe's test mode.
"""

from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.funds import balance
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.resources.payments import bank
from randonumber.sandbox.scope import Scope

DAY = 24 * 60 * 60
DAYS_PENDING = 2
HIGHEST_DEBIT_FEE = 500


def fee_minor(amount_minor: int) -> int:
    """2.9 % + 30, rounded half up, in minor units."""
    return (amount_minor * 29 + 500) // 1000 + 30


def debit_fee_minor(amount_minor: int) -> int:
    """0.8 %, rounded half up, at most 500, in minor units."""
    return min((amount_minor * 8 + 500) // 1000, HIGHEST_DEBIT_FEE)


def settle(scope: Scope, charge_id: str, *, at_once: bool) -> None:
    """Give a paid charge its balance transaction, tell of it, and let the funds come in time."""
    charge = scope.get("charge", charge_id).body
    before = dict(charge)
    debit = charge["payment_method_details"]["type"] == bank.METHOD
    booking = Booking(
        kind="payment" if debit else "charge",
        category="charge",
        amount=charge["amount"],
        currency=charge["currency"],
        source=charge["id"],
        fee=debit_fee_minor(charge["amount"]) if debit else fee_minor(charge["amount"]),
        available_on=scope.now if at_once else scope.now + DAYS_PENDING * DAY,
        description=charge["description"],
    )
    entry = book(scope, booking)
    charge["balance_transaction"] = entry["id"]
    scope.save(charge)
    updated(scope, "charge.updated", before, charge)
    if at_once:
        record(scope, "balance.available", balance.show(scope))
