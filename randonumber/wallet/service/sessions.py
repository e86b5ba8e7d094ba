"""The Checkout Session of a top-up: Stripe's hosted page on which it is paid.

It is opened for the user's customer at Stripe where there is one, else for the user's address. `expires_at` is not
sent: Stripe's own default is 24 hours by Stripe's clock
(https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from flask import current_app

from randonumber import calls, clock, recipients
from randonumber.stripe_gateway import gateway
from randonumber.wallet.models import TopupStatus
from randonumber.wallet.service.rows import customer_of, lock_topup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal
    from randonumber.wallet.models import Topup

log = logging.getLogger(__name__)
CREATE: Final = "checkout_session.create"
EXPIRE: Final = "checkout_session.expire"
NAME: Final = "Wallet top-up"


def plan(session: Session, topup: Topup, *, without_customer: bool = False) -> None:
    """Plan the making of the top-up's session. Never commits."""
    customer = None if without_customer else customer_of(session, topup.user_id)
    payer = {"customer": customer} if customer else {"customer_email": recipients.address_of(session, topup.user_id)}
    params = {**payer, **_params(topup, current_app.extensions["config"].base_url)}
    topup.call_id = calls.plan(session, operation=CREATE, ref=topup.ref, params=params)


def _params(topup: Topup, base_url: str) -> dict[str, Any]:
    """Return what a session is made with. One line, one price: nothing is left for Stripe to compute."""
    price = {
        "currency": topup.currency,
        "unit_amount": topup.amount_minor,
        "product_data": {"name": NAME},
    }
    return {
        "mode": "payment",
        "client_reference_id": topup.ref,
        "metadata": {"ref": topup.ref},
        "payment_intent_data": {"description": NAME, "metadata": {"topup_ref": topup.ref}},
        "line_items": [{"quantity": 1, "price_data": price}],
        "automatic_tax": {"enabled": False},
        "adaptive_pricing": {"enabled": False},
        "success_url": f"{base_url}/wallet/topups/{topup.ref}",
        "cancel_url": f"{base_url}/wallet",
    }


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the session up at Stripe. Calls the network.

    One that is not found can be paid by nobody: its address has never come here.
    """
    customer = call.params.get("customer")
    whose = {"customer": customer} if customer else {"customer_details": {"email": call.params["customer_email"]}}
    return gateway().find_by_ref("checkout_sessions", call.ref, **whose)


def settle(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Keep where the top-up is paid. Never commits; a webhook may have been here before."""
    topup = lock_topup(session, call.ref)
    topup.call_id = None
    if topup.checkout_session_id is None:
        topup.checkout_session_id = result["id"]
    if topup.checkout_session_id == result["id"]:
        topup.checkout_url = result.get("url")
        topup.expires_at = clock.from_timestamp(result["expires_at"])


def refuse(session: Session, call: Call, refusal: Refusal) -> None:
    """Fail the top-up; or, when its customer is gone at Stripe, begin again without one. Never commits."""
    topup = lock_topup(session, call.ref)
    topup.call_id = None
    if topup.status != TopupStatus.PENDING or topup.checkout_session_id is not None:
        return
    is_customer_gone = refusal.code == "resource_missing" and refusal.param == "customer"
    if is_customer_gone and "customer" in call.params:
        log.warning("customer_missing_at_stripe", extra={"topup": topup.ref, "customer": call.params["customer"]})
        plan(session, topup, without_customer=True)
        return
    log.error("topup_refused", extra={"topup": topup.ref, "code": refusal.code, "param": refusal.param})
    topup.status, topup.failure = TopupStatus.FAILED, refusal.code or "refused"


def plan_expiry(session: Session, topup: Topup) -> int | None:
    """Plan the closing of the top-up's session, and return the call's id; None when none can be paid. Never commits."""
    if topup.status != TopupStatus.PENDING or topup.checkout_session_id is None:
        return None
    params = {"session": topup.checkout_session_id}
    return calls.plan(session, operation=EXPIRE, ref=topup.ref, params=params)


def settle_closing(session: Session, call: Call, _result: Mapping[str, Any]) -> None:
    """Let the top-up expire with its session, and its form be used for another amount. Never commits."""
    topup = lock_topup(session, call.ref)
    if topup.status == TopupStatus.PENDING:
        topup.status = TopupStatus.EXPIRED
    if topup.status == TopupStatus.EXPIRED:
        topup.form_ref = None


def refuse_closing(_session: Session, call: Call, refusal: Refusal) -> None:
    """Change nothing: the session is paid or over, and whoever asked reads it again."""
    log.info("topup_not_open", extra={"topup": call.ref, "code": refusal.code})
