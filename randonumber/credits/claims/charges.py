"""The rows of charges: the purchase that a charge paid, and its posting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from randonumber.credits.service import refreshing
from randonumber.database import transaction
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction

PREFIXES: Final = ("ch_", "py_")
CHARGE_TYPES: Final = frozenset({"charge", "payment"})
ACTOR: Final = "job:reconciliation"

# A purchase in review or paid twice has no posting for this charge: its money is nobody's until somebody decides.
_POSTING: Final = text("""
    SELECT transactions.id
      FROM purchases
      JOIN transactions ON transactions.kind = 'purchase' AND transactions.ref = purchases.ref
     WHERE purchases.payment_id = :payment_id AND purchases.amount_minor = :amount
       AND purchases.currency = :currency AND purchases.lot_ref IS NOT NULL
""")
_IS_KNOWN: Final = text("SELECT EXISTS (SELECT FROM purchases WHERE payment_id = :payment_id)")


def bring_level(txn: BalanceTransaction) -> None:
    """Complete the purchase of a charge that is not known here yet. Calls the network; raises StripeUnavailable."""
    if txn.type not in CHARGE_TYPES or txn.source_id is None:
        return
    with transaction() as session:
        if session.execute(_IS_KNOWN, {"payment_id": txn.source_id}).scalar_one():
            return
    try:
        charge = gateway().get_charge(txn.source_id)
    except StripeNotFound:
        return
    if (effect := refreshing.effect_of_charge(charge, actor=ACTOR)) is not None:
        with transaction() as session:
            effect(session)


def find(session: Session, txn: BalanceTransaction) -> int | None:
    """Return the posting of the purchase that this charge paid, in exactly this amount; None when none did."""
    if txn.type not in CHARGE_TYPES:
        return None
    parameters = {"payment_id": txn.source_id, "amount": txn.amount, "currency": txn.currency}
    return session.execute(_POSTING, parameters).scalar_one_or_none()
