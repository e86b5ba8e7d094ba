"""What Stripe shows of a refund or a dispute, in the words that both share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from randonumber.wallet.models import ReversalKind

if TYPE_CHECKING:
    from datetime import datetime

    from randonumber.stripe_gateway import Dispute, Refund

CAME_BACK: Final = frozenset({"failed", "canceled"})
CLAIMS_MONEY: Final = frozenset({"needs_response", "under_review"})
"""Statuses in which a chargeback waits; its money is withdrawn by then or in this moment."""
DECIDED: Final = frozenset({"lost", "warning_closed", "prevented", "charge_refunded"})
"""Statuses of a dispute that are final as soon as they show. `won` is, too, once the money is on its way back."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A refund or dispute as Stripe shows it: what it has taken out of Stripe's balance, and what of it is back."""

    stripe_id: str
    kind: ReversalKind
    payment_id: str | None
    amount_minor: int
    currency: str
    taken_minor: int
    given_back_minor: int
    is_decided: bool
    is_undone: bool
    claims_money: bool
    reason: str | None
    created_at: datetime


def of_refund(refund: Refund) -> Shown:
    """Return a refund's money: gone once it has a balance transaction, back when it failed."""
    taken = refund.amount if refund.balance_transaction_id is not None else 0
    is_undone = refund.status in CAME_BACK
    return Shown(
        stripe_id=refund.id,
        kind=ReversalKind.REFUND,
        payment_id=refund.charge_id,
        amount_minor=refund.amount,
        currency=refund.currency,
        taken_minor=taken,
        given_back_minor=taken if is_undone else 0,
        is_decided=is_undone or refund.status == "succeeded",
        is_undone=is_undone,
        claims_money=True,
        reason=refund.failure_reason,
        created_at=refund.created_at,
    )


def of_dispute(dispute: Dispute) -> Shown:
    """Return a dispute's money: what was withdrawn, and what was reinstated."""
    return Shown(
        stripe_id=dispute.id,
        kind=ReversalKind.DISPUTE,
        payment_id=dispute.charge_id,
        amount_minor=dispute.amount,
        currency=dispute.currency,
        taken_minor=dispute.withdrawn,
        given_back_minor=dispute.reinstated,
        is_decided=dispute.status in DECIDED or (dispute.status == "won" and dispute.reinstated > 0),
        is_undone=dispute.status == "won",
        claims_money=dispute.status in CLAIMS_MONEY,
        reason=dispute.reason,
        created_at=dispute.created_at,
    )
