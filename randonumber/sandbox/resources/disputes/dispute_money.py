"""What a dispute takes from the balance, and gives back when it is won.

Kinds, categories, fee and times as recorded: the withdrawal counts at once, the reversal waits like a charge.
"""

from randonumber.sandbox.resources.disputes.dispute_template import DAY
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.scope import Json, Scope, schedule

# 15.00, https://stripe.com/pricing; kept when the dispute is won.
FEE_MINOR = 1500
DAYS_PENDING = 2


def withdraw(scope: Scope, dispute: Json) -> None:
    """Take the disputed amount and the fee from the balance, also below zero."""
    booking = Booking(
        kind="adjustment",
        category="dispute",
        amount=-dispute["amount"],
        currency=dispute["currency"],
        source=dispute["id"],
        fee=FEE_MINOR,
        fee_description="Dispute fee",
        description=f"Chargeback withdrawal for {dispute['charge']}",
    )
    entry = book(scope, booking)
    dispute |= {"balance_transaction": entry["id"], "balance_transactions": [entry]}
    scope.save(dispute)


def reinstate(scope: Scope, dispute: Json) -> None:
    """Give the disputed amount back; the fee stays."""
    booking = Booking(
        kind="adjustment",
        category="dispute_reversal",
        amount=dispute["amount"],
        currency=dispute["currency"],
        source=dispute["id"],
        available_on=scope.now + DAYS_PENDING * DAY,
        description=f"Chargeback reversal for {dispute['charge']}",
    )
    entry = book(scope, booking)
    dispute["balance_transactions"].append(entry)
    scope.save(dispute)
    schedule(scope, entry["available_on"], "dispute_money", dispute["id"])


def refresh(scope: Scope, dispute_id: str) -> None:
    """Bring the balance transactions inside a dispute up to date, once they became available."""
    dispute = scope.get("dispute", dispute_id).body
    ids = [entry["id"] for entry in dispute["balance_transactions"]]
    dispute["balance_transactions"] = [scope.get("balance_transaction", each).body for each in ids]
    scope.save(dispute)
