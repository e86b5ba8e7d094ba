"""From anything that Stripe tells of a payment to what it does here: its owner's one function, with it read afresh.

Each of these calls the network with no transaction open, and raises StripeUnavailable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.payments import owners
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from randonumber.payments.owners import Effect
    from randonumber.stripe_gateway import Charge


def effect_of_session(session_id: str, *, actor: str) -> Effect | None:
    """Return what a Checkout Session as it is now does; None when it is not one of ours. Raises StripeNotFound.

    Its metadata says whose it is, which we alone write: `client_reference_id` is the payer's own on a Payment Link
    (https://docs.stripe.com/payment-links/url-parameters), and would let the price of another thing pay a top-up, too.
    """
    found = gateway().get_checkout_session(session_id)
    owned = owners.of_ref(found.metadata.get("ref"))
    return owned.owner.effect_of_session(owned.ref, found, actor=actor) if owned else None


def effect_of_intent(payment_intent_id: str, *, actor: str, with_reversals: bool = False) -> Effect | None:
    """Return what a payment as it is now does; None when it is not one of ours. Raises StripeNotFound."""
    intent = gateway().get_payment_intent(payment_intent_id)
    owned = owners.of_metadata(intent.metadata)
    if owned is None:
        return None
    return owned.owner.effect_of_intent(owned.ref, intent, actor=actor, with_reversals=with_reversals)


def effect_of_charge(charge: Charge, *, actor: str) -> Effect | None:
    """Return what a charge with its refunds and disputes does; None when it is not one of ours."""
    if charge.payment_intent_id is None or owners.of_metadata(charge.metadata) is None:
        return None
    return effect_of_intent(charge.payment_intent_id, actor=actor, with_reversals=True)


def effect_of_charge_id(charge_id: str, *, actor: str) -> Effect | None:
    """Do as `effect_of_charge` with a charge that is still to be read. Raises StripeNotFound."""
    return effect_of_charge(gateway().get_charge(charge_id), actor=actor)


def effect_of_dispute(dispute_id: str, *, actor: str) -> Effect | None:
    """Return what a dispute does to the payment it is of; None when it is not one of ours. Raises StripeNotFound."""
    return effect_of_charge_id(gateway().get_dispute(dispute_id).charge_id, actor=actor)


def effect_of_refund(refund_id: str, *, actor: str) -> Effect | None:
    """Return what a refund does to the payment it is of; None when it is not one of ours. Raises StripeNotFound."""
    charge_id = gateway().get_refund(refund_id).charge_id
    return effect_of_charge_id(charge_id, actor=actor) if charge_id else None
