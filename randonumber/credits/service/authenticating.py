"""Leading the owner of a saved card to the bank's question about a purchase, which only the owner can answer.

The owner asks for it; nothing here runs by itself. The intent stays the same one, so it is paid once at most, however
often it is confirmed. https://docs.stripe.com/payments/3d-secure/authentication-flow
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import limits
from randonumber.credits.card_wording import asks_owner
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service import confirming
from randonumber.credits.service.refreshing import refresh_purchase
from randonumber.credits.service.sessions import lock_purchase
from randonumber.credits.service.starting import drive_calls
from randonumber.database import transaction
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from randonumber.hooks import Person

CONFIRMATIONS_PER_HOUR: Final = 20
"""Of one user: banks take many questions about one card for a thief at work."""
HOUR: Final = 3_600


def authenticate(owner: Person, ref: str) -> str | None:
    """Return where the bank asks about the owner's purchase; None when there is nothing to ask. Calls the network.

    Raises StripeUnavailable, and RateLimited above CONFIRMATIONS_PER_HOUR. The caller has seen that it is their own.
    """
    limits.hit(None, "confirmations", owner.ref, limit=CONFIRMATIONS_PER_HOUR, per_seconds=HOUR)
    drive_calls(ref)
    if (question := _question(ref)) is not None:  # asked before, and not answered yet
        return question
    refresh_purchase(ref, actor=f"user:{owner.ref}")
    with transaction() as session:
        purchase = lock_purchase(session, ref)
        if purchase.status != PurchaseStatus.PENDING or not asks_owner(purchase):
            return None
        if purchase.call_id is None:
            confirming.plan(session, purchase, off_session=False)
    drive_calls(ref)
    return _question(ref)


def _question(ref: str) -> str | None:
    """Read where the bank asks, from Stripe: the address is worth a payment, and is not kept."""
    with transaction() as session:
        purchase = lock_purchase(session, ref)
        is_open = purchase.status == PurchaseStatus.PENDING and purchase.method in confirming.BY_CARD
        intent_id = purchase.payment_intent_id if is_open else None
    return gateway().get_payment_intent(intent_id).redirect_url if intent_id is not None else None
