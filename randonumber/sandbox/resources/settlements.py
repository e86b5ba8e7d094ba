"""What a paid charge brings to the balance, and what Stripe keeps of it.

Fees are Stripe's standard ones for cards, 2.9 % + 30 (https://stripe.com/pricing), rounded half up; funds become
available two days later, as for a US account (https://docs.stripe.com/payouts), or at once with card 4000000000000077.
"""

from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources import balance
from randonumber.sandbox.resources.balance_transactions import Booking, book
from randonumber.sandbox.scope import Scope

DAY = 24 * 60 * 60
DAYS_PENDING = 2


def fee_minor(amount_minor: int) -> int:
    """2.9 % + 30, rounded half up, in minor units."""
    return (amount_minor * 29 + 500) // 1000 + 30


def settle(scope: Scope, charge_id: str, *, at_once: bool) -> None:
    """Give a paid charge its balance transaction, tell of it, and let the funds come in time."""
    charge = scope.get("charge", charge_id).body
    before = dict(charge)
    booking = Booking(
        kind="charge",
        category="charge",
        amount=charge["amount"],
        currency=charge["currency"],
        source=charge["id"],
        fee=fee_minor(charge["amount"]),
        available_on=scope.now if at_once else scope.now + DAYS_PENDING * DAY,
        description=charge["description"],
    )
    entry = book(scope, booking)
    charge["balance_transaction"] = entry["id"]
    scope.save(charge)
    updated(scope, "charge.updated", before, charge)
    if at_once:
        record(scope, "balance.available", balance.show(scope))
