"""Starting a purchase: its row and what it asks of Stripe in one transaction, then Stripe at once if it answers.

A form is one purchase however often it is sent: its `form_ref` names it. When the form comes again with another
order (the browser's back button leads to such a form), the first session or intent is closed at Stripe before a second
purchase starts, so that one form is never paid twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from randonumber import calls, clock, ids, limits
from randonumber.calls import Outcome
from randonumber.credits.models import Purchase, PurchaseMethod, PurchaseStatus
from randonumber.credits.pricing import quote, tiers_as_json
from randonumber.credits.service import declines, opening, payables, sessions
from randonumber.credits.service.refreshing import refresh_purchase
from randonumber.database import transaction
from randonumber.stripe_gateway import StripeUnavailable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.hooks import Person

PURCHASES_PER_HOUR: Final = 60
"""Of one user. Cards are tried on Stripe's page, which guards itself; this keeps a script from making sessions there
by the thousand (pains.md, 25) and is out of the way of people."""
PURCHASES_PER_HOUR_AND_NETWORK: Final = 600
"""Of one network, which may be a university's or an office's."""
HOUR: Final = 3_600
FIRST_CHECK: Final = timedelta(minutes=2)
MOST_CALLS: Final = 6
"""Customer, intent and its confirmation, and all again when Stripe turns out to have lost the customer."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a form asks for: `pack` says that the quantity was a pack's, `card_id` names the saved card that pays."""

    quantity: int
    form_ref: str
    pack: int | None = None
    method: PurchaseMethod = PurchaseMethod.CHECKOUT
    card_id: int | None = None
    saves_card: bool = False


@dataclass(frozen=True, kw_only=True)
class Started:
    """The purchase of a form, and where it is paid.

    Without `url` it is not payable on the hosted page (yet, or any more), without `payment_intent_id` not on ours.
    """

    ref: str
    status: PurchaseStatus
    url: str | None
    payment_intent_id: str | None = None


def start_purchase(buyer: Person, order: Order, *, network: str) -> Started:
    """Start the purchase of a form, or return the one that it has started before. Calls the network.

    Never raises for what Stripe does: a purchase that Stripe does not answer about stays pending and goes on by
    itself. Raises NotForSale, and RateLimited above PURCHASES_PER_HOUR.
    """
    ref = _insert(buyer, order, network)
    if ref is None:
        ref = _of_form(buyer, order)
        if ref is None:  # let go of since: another click of this form has closed it
            return start_purchase(buyer, order, network=network)
        if _is_other_order(ref, order):
            return _replace(buyer, order, ref, network)
    drive_calls(ref)
    return _state(ref)


def drive_calls(ref: str) -> None:
    """Drive what leads to the purchase's payment as far as Stripe lets it. Calls the network; safe to call again."""
    for _ in range(MOST_CALLS):
        with transaction() as session:
            call_id = opening.outstanding_call(session, sessions.read_purchase(session, ref))
        if call_id is None or calls.drive(call_id) is Outcome.UNKNOWN:
            return


def insert_purchase(session: Session, user_id: int, order: Order) -> Purchase | None:
    """Write a purchase down with its price; None when its form was sent before. Never commits; raises NotForSale."""
    tiers = current_app.extensions["config"].credit_tiers
    quoted = quote(tiers, order.quantity)
    row = {
        "ref": ids.new_ref("pur"),
        "user_id": user_id,
        "form_ref": order.form_ref,
        "method": order.method,
        "pack": order.pack,
        "credits": order.quantity,
        "amount_minor": quoted.amount_minor,
        "currency": quoted.currency,
        "unit_price_minor": quoted.unit_price_minor,
        "tiers": tiers_as_json(tiers),
        "card_id": order.card_id,
        "saves_card": order.saves_card,
        "created_at": clock.now(),
        "next_check_at": clock.now() + FIRST_CHECK,
    }
    statement = insert(Purchase).values(row).on_conflict_do_nothing().returning(Purchase)
    return session.execute(statement).scalar_one_or_none()


def count_attempt(session: Session, buyer: Person, network: str) -> None:
    """Count a purchase against the limits of its buyer and network. Never commits; raises RateLimited."""
    limits.hit(session, "purchases", buyer.ref, limit=PURCHASES_PER_HOUR, per_seconds=HOUR)
    limits.hit(session, "purchases_of_network", network, limit=PURCHASES_PER_HOUR_AND_NETWORK, per_seconds=HOUR)


def _insert(buyer: Person, order: Order, network: str) -> str | None:
    """Write the purchase down, and plan its way to Stripe; None when the form was sent before."""
    with transaction() as session:
        purchase = insert_purchase(session, buyer.user_id, order)
        if purchase is None:
            return None
        count_attempt(session, buyer, network)
        declines.refuse_after_many(session, buyer.user_id, order.method)
        opening.prepare(session, purchase)
        return purchase.ref


def _of_form(buyer: Person, order: Order) -> str | None:
    query = select(Purchase.ref).where(Purchase.user_id == buyer.user_id, Purchase.form_ref == order.form_ref)
    with transaction() as session:
        return session.execute(query).scalar_one_or_none()


def is_for(purchase: Purchase, order: Order) -> bool:
    """Whether the purchase is what the form asks for now. Stripe.js pays no intent that saves a card unasked."""
    bought = (purchase.credits, purchase.method, purchase.card_id, purchase.saves_card)
    return bought == (order.quantity, order.method, order.card_id, order.saves_card)


def _is_other_order(ref: str, order: Order) -> bool:
    with transaction() as session:
        return not is_for(sessions.read_purchase(session, ref), order)


def _replace(buyer: Person, order: Order, ref: str, network: str) -> Started:
    """Start the other order when the first can no longer be paid; else return the first as it is. Calls the network."""
    with transaction() as session:
        pays_by_itself = sessions.read_purchase(session, ref).card_id is not None
    if not pays_by_itself:
        drive_calls(ref)  # what is not known to be at Stripe yet cannot be closed there
    with transaction() as session:
        purchase = sessions.read_purchase(
            session, ref
        )  # unlocked: who closes the call waits for the purchase with the call's row held
        call_id = payables.plan_closing(session, purchase)
    if call_id is not None and calls.drive(call_id) is Outcome.REFUSED:
        _refresh_quietly(ref)
    with transaction() as session:
        purchase = sessions.lock_purchase(session, ref)
        if purchase.status in {PurchaseStatus.EXPIRED, PurchaseStatus.FAILED}:
            purchase.form_ref = None
    first = _state(ref)
    if first.status not in {PurchaseStatus.EXPIRED, PurchaseStatus.FAILED}:
        return first
    return start_purchase(buyer, order, network=network)


def _refresh_quietly(ref: str) -> None:
    """Ask what became of a payment that could not be closed; without an answer the purchase stays as it is."""
    try:
        refresh_purchase(ref, actor="job:credits.replace")
    except StripeUnavailable:
        return


def _state(ref: str) -> Started:
    with transaction() as session:
        purchase = sessions.read_purchase(session, ref)
        is_payable = purchase.status == PurchaseStatus.PENDING
        return Started(
            ref=purchase.ref,
            status=PurchaseStatus(purchase.status),
            url=purchase.checkout_url if is_payable else None,
            payment_intent_id=purchase.payment_intent_id if is_payable else None,
        )
