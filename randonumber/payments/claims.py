"""The rows of Stripe's book that payments make: charges, refunds and disputes.

Types `charge` and `payment`; `refund` and `payment_refund`, with `refund_failure` and `payment_failure_refund` for what
came back; `adjustment` for a dispute (https://docs.stripe.com/reports/balance-transaction-types). The source of each is
the charge, the refund or the dispute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import reconciliation
from randonumber.database import transaction
from randonumber.payments import effects, owners
from randonumber.stripe_gateway import StripeNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.inbox import Read
    from randonumber.stripe_gateway import BalanceTransaction

ACTOR: Final = "job:reconciliation"
SOURCES: Final[Mapping[str, Read]] = {
    "ch_": effects.effect_of_charge_id,
    "dp_": effects.effect_of_dispute,
    "du_": effects.effect_of_dispute,
    "py_": effects.effect_of_charge_id,
    "pyr_": effects.effect_of_refund,
    "re_": effects.effect_of_refund,
}


class PaymentClaim:
    """What is known of the rows whose source begins in one of these ways."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def bring_level(self, txn: BalanceTransaction) -> None:
        """Bring the payment of a row up to date with Stripe, if it is ours. Calls the network."""
        try:
            effect = self._read(txn.source_id or "", actor=ACTOR)
        except StripeNotFound:
            return
        if effect is not None:
            with transaction() as session:
                effect(session)

    def find(self, session: Session, txn: BalanceTransaction) -> int | None:
        """Return the posting of the row's gross amount; None when no owner has one."""
        found = (owner.find_posting(session, txn) for owner in owners.registered())
        return next((posting for posting in found if posting is not None), None)


def init_app(app: Flask) -> None:
    """Claim the rows of payments."""
    for prefix, read in SOURCES.items():
        reconciliation.register_claim(app, prefix, PaymentClaim(read))
