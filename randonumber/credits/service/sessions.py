"""The Checkout Session of a purchase: Stripe's hosted page on which it is paid, at most one a purchase.

`expires_at` is not sent: Stripe's own default is 24 hours by Stripe's clock
(https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at), and a moment by our
clock would be refused where the two differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import current_app
from sqlalchemy import select

from randonumber import calls
from randonumber.credits.models import Purchase
from randonumber.credits.wording import count_of_credits
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call

CREATE: Final = "checkout_session.create"
EXPIRE: Final = "checkout_session.expire"


def plan(session: Session, purchase: Purchase, stripe_customer_id: str) -> None:
    """Plan the making of the purchase's session; its price is the stored one. Never commits."""
    params = session_params(purchase, stripe_customer_id, current_app.extensions["config"].base_url)
    purchase.call_id = calls.plan(session, operation=CREATE, ref=purchase.ref, params=params)


def session_params(purchase: Purchase, stripe_customer_id: str, base_url: str) -> dict[str, Any]:
    """Return what a session is made with. One line, one price: nothing is left for Stripe to compute."""
    price = {
        "currency": purchase.currency,
        "unit_amount": purchase.amount_minor,
        "product_data": {"name": count_of_credits(purchase.credits)},
    }
    return {
        "mode": "payment",
        "customer": stripe_customer_id,
        "client_reference_id": purchase.ref,
        "metadata": {"ref": purchase.ref},
        "payment_intent_data": {"metadata": {"purchase_ref": purchase.ref}},
        "line_items": [{"quantity": 1, "price_data": price}],
        "automatic_tax": {"enabled": False},
        "adaptive_pricing": {"enabled": False},
        "success_url": f"{base_url}/credits/purchases/{purchase.ref}",
        "cancel_url": f"{base_url}/credits",
    }


def plan_expiry(session: Session, purchase: Purchase) -> int:
    """Plan the closing of the purchase's open session, and return the call's id. Never commits."""
    params = {"session": purchase.checkout_session_id}
    return calls.plan(session, operation=EXPIRE, ref=purchase.ref, params=params)


def lock_purchase(session: Session, ref: str) -> Purchase:
    """Return the purchase, locked and as it is now. Never commits; raises NoResultFound."""
    query = select(Purchase).where(Purchase.ref == ref).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def read_purchase(session: Session, ref: str) -> Purchase:
    """Return the purchase as it is now, unlocked. Raises NoResultFound."""
    return session.execute(select(Purchase).where(Purchase.ref == ref)).scalar_one()


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the session up at Stripe. Calls the network."""
    return gateway().find_by_ref("checkout_sessions", call.ref, customer=str(call.params["customer"]))
