"""A purchase of whoever is signed in, and where it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import redirect, render_template, request, url_for

from randonumber import clock, waiting
from randonumber.access import person, signed_in
from randonumber.credits import card_wording, debts, queries, service, wording
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service import intents
from randonumber.credits.service.opening import is_prepared
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.refunds import shown
from randonumber.database import transaction
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.credits.models import Purchase

CAME_BACK: Final = "payment_intent_client_secret"
"""Stripe puts it into the address that it leads back to: something has just happened there. No address that stays in
a history shall hold it."""
LEADS_ON_FOR: Final = timedelta(minutes=1)
"""How long a page that waits for Stripe's answer leads on to the payment by itself."""


@blueprint.get("/credits/purchases/<ref>")
@signed_in
def show(ref: str) -> ResponseReturnValue:
    """Show where a purchase is; Stripe's page leads back to here, and until it is final it is asked again."""
    user_id = person().user_id
    _own(user_id, ref)
    answers = _refresh(ref)
    if CAME_BACK in request.args:
        return redirect(url_for("credits.show", ref=ref), 303)
    purchase = _own(user_id, ref)
    is_pending = purchase.status == PurchaseStatus.PENDING
    if is_pending and purchase.checkout_url and not _is_on_its_way(purchase) and _leads_on(purchase):
        return redirect(purchase.checkout_url, 303)
    return render_template(
        "credits/purchase.html",
        purchase=purchase,
        card=wording.card_of(purchase),
        stripe_answers=answers and (is_prepared(purchase) or not is_pending),
        try_again=answers and _is_for_buyer_to_pay(purchase),
        trouble=card_wording.trouble_of(purchase),
        is_on_its_way=is_pending and _is_on_its_way(purchase),
        asks_owner=is_pending and card_wording.asks_owner(purchase),
        pause_seconds=pause_seconds(purchase) if is_pending else None,
        refund=shown(purchase),
        dispute=debts.standing_dispute(purchase),
    )


def pause_seconds(purchase: Purchase) -> int:
    """Return after how long the page of a pending purchase asks again: the older, the longer.

    Not often while the buyer reads what to do, or a bank takes its days.
    """
    if card_wording.asks_owner(purchase) or _is_for_buyer_to_pay(purchase) or _is_on_its_way(purchase):
        return waiting.LONGEST_PAUSE_SECONDS
    return waiting.pause_seconds(purchase.created_at)


def _is_for_buyer_to_pay(purchase: Purchase) -> bool:
    return is_prepared(purchase) and intents.is_payable_on_page(purchase)


def _is_on_its_way(purchase: Purchase) -> bool:
    """Whether the buyer has done all there is to do, and the bank will pay in some days or not."""
    return purchase.intent_status == intents.PROCESSING


def _leads_on(purchase: Purchase) -> bool:
    return "go" in request.args and clock.now() - purchase.created_at < LEADS_ON_FOR


def _refresh(ref: str) -> bool:
    """Bring the purchase level with Stripe; False when Stripe settles nothing, and the page shows what is known.

    Who comes back from a bank's question waits for its answer in any case.
    """
    checked_since = None if "payment_intent" in request.args else clock.now() - waiting.ASK_AGAIN_AFTER
    try:
        service.refresh_purchase(ref, actor=f"user:{person().ref}", unless_checked_since=checked_since)
    except (StripeUnavailable, StripeRefused):
        return False
    return True


def _own(user_id: int, ref: str) -> Purchase:
    with transaction() as session:
        return queries.get_purchase(session, user_id, ref)
