"""Saved cards: rows that show what a customer has at Stripe, brought level whenever something says that it changed.

Stripe is read with no transaction open; what it lists is written down in one. Locks: the customer's row, purchases,
then cards by id. A card that its owner removes is gone here at once, and detached at Stripe by a call of the journal;
a detached card can never be attached again (https://docs.stripe.com/api/payment_methods/detach).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from randonumber import calls, clock, ids
from randonumber.credits.models import Card, Purchase, PurchaseStatus, StripeCustomer
from randonumber.credits.service import customers
from randonumber.credits.service.customers import lock_customer
from randonumber.database import transaction
from randonumber.errors import NotFound
from randonumber.stripe_gateway import StripeNotFound, StripeRefused, gateway

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber import stripe_gateway
    from randonumber.calls import Call, Refusal

log = logging.getLogger(__name__)
DETACH: Final = "payment_method.detach"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The cards of a user's customer as Stripe listed them, newest first, asked for at `asked_at`."""

    user_id: int
    stripe_customer_id: str
    cards: tuple[stripe_gateway.Card, ...]
    asked_at: datetime


def level(user_id: int) -> None:
    """Bring a user's cards level with Stripe. Calls the network; raises StripeUnavailable. Safe to call at any time."""
    seen = look(user_id)
    if seen is not None:
        with transaction() as session:
            keep(session, seen)


def look(user_id: int) -> Seen | None:
    """Ask Stripe for a user's cards; None for somebody without a customer. Calls the network.

    A customer that is gone has no cards any more.
    """
    with transaction() as session:
        query = select(StripeCustomer.stripe_customer_id).where(StripeCustomer.user_id == user_id)
        customer = session.scalar(query)
    if customer is None:
        return None
    asked_at = clock.now()
    return Seen(user_id=user_id, stripe_customer_id=customer, cards=_listed(customer), asked_at=asked_at)


def _listed(stripe_customer_id: str) -> tuple[stripe_gateway.Card, ...]:
    try:
        return tuple(gateway().list_cards(stripe_customer_id))
    except StripeRefused as refusal:
        if isinstance(refusal, StripeNotFound) or refusal.code == "resource_missing":  # with all its cards
            return ()
        raise


def keep(session: Session, seen: Seen) -> None:
    """Write down what Stripe listed. Never commits; a list that is older than what stands here undoes nothing."""
    customer = lock_customer(session, seen.user_id)
    if customer.stripe_customer_id != seen.stripe_customer_id:
        return
    known = {card.stripe_payment_method_id: card for card in _lock_cards(session, seen.user_id)}
    listed = [_keep_one(session, known.get(found.id), found, seen) for found in reversed(seen.cards)]
    listed_ids = {found.id for found in seen.cards}
    for card in known.values():
        is_older = card.created_at < seen.asked_at  # a newer one was saved after Stripe was asked
        if is_older and card.removed_at is None and card.stripe_payment_method_id not in listed_ids:
            _hide(card)
    session.flush()
    _remove_doubles(session, [card for card in listed if card.removed_at is None])
    _have_a_default(session, seen.user_id)


def make_default(session: Session, user_id: int, ref: str) -> Card:
    """Let a card be the one that pays when none is named. Never commits; raises NotFound."""
    lock_customer(session, user_id)
    card = _lock_own(session, user_id, ref)
    if card.removed_at is not None:
        raise _missing()
    _set_default(session, user_id, card)
    return card


def remove(session: Session, user_id: int, ref: str) -> Card:
    """Remove a card: here at once, at Stripe by the journal. Never commits; safe to call again; raises NotFound.

    When it was the default, the newest of the rest takes its place.
    """
    lock_customer(session, user_id)
    card = _lock_own(session, user_id, ref)
    if card.removed_at is None:
        _detach(session, card)
        _have_a_default(session, user_id)
    return card


def forget_customer(session: Session, stripe_customer_id: str) -> None:
    """Forget a customer that was deleted at Stripe, and the cards that went with it. Never commits."""
    user_id = customers.forget(session, stripe_customer_id)
    if user_id is not None:
        hide_all(session, user_id)


def hide_all(session: Session, user_id: int) -> None:
    """Hide every card of a user whose customer is gone at Stripe. Never commits."""
    for card in _lock_cards(session, user_id):
        if card.removed_at is None:
            _hide(card)


def settle_detaching(_session: Session, call: Call, _result: Mapping[str, Any]) -> None:
    """Nothing is left to do: the card was hidden when its owner removed it."""
    log.info("card_detached", extra={"card": call.ref})


def refuse_detaching(_session: Session, call: Call, refusal: Refusal) -> None:
    """Take it for done: Stripe refuses to detach a card only when it is not attached, or not there."""
    log.info("card_not_attached", extra={"card": call.ref, "code": refusal.code})


def _keep_one(session: Session, card: Card | None, found: stripe_gateway.Card, seen: Seen) -> Card:
    if card is None:
        card = Card(
            ref=ids.new_ref("crd"),
            user_id=seen.user_id,
            stripe_payment_method_id=found.id,
            is_default=False,
            created_at=clock.now(),
            removed_at=None,
        )
        session.add(card)
    elif card.removed_at is not None and card.call_id is None and card.removed_at < seen.asked_at:
        card.removed_at = None  # it was missing from an older list; nobody here removed it
    card.fingerprint, card.brand, card.last4 = found.fingerprint, found.brand, found.last4
    card.exp_month, card.exp_year = found.exp_month, found.exp_year
    session.flush()  # one by one, so that ids follow the order in which the cards were saved
    return card


def _remove_doubles(session: Session, oldest_first: list[Card]) -> None:
    """Keep the newest of cards with one number, and detach the others; what they were to pay it pays."""
    newest = {card.fingerprint: card for card in oldest_first if card.fingerprint}
    for card in oldest_first:
        kept = newest.get(card.fingerprint or "", card)
        if kept is card:
            continue
        waiting = (Purchase.card_id == card.id) & (Purchase.status == PurchaseStatus.PENDING)
        session.execute(update(Purchase).where(waiting).values(card_id=kept.id))
        was_default = card.is_default
        _detach(session, card)
        if was_default:
            _set_default(session, card.user_id, kept)


def _detach(session: Session, card: Card) -> None:
    _hide(card)
    params = {"payment_method": card.stripe_payment_method_id}
    card.call_id = calls.plan(session, operation=DETACH, ref=card.ref, params=params)
    session.flush()


def _hide(card: Card) -> None:
    card.removed_at, card.is_default = clock.now(), False
    log.info("card_removed", extra={"card": card.ref})


def _have_a_default(session: Session, user_id: int) -> None:
    """Let the newest card be the default when no card is."""
    session.flush()
    cards = [card for card in _lock_cards(session, user_id) if card.removed_at is None]
    if cards and not any(card.is_default for card in cards):
        cards[-1].is_default = True
        session.flush()


def _set_default(session: Session, user_id: int, card: Card) -> None:
    """Two statements: the index lets no two be the default, not even within one."""
    session.execute(update(Card).where(Card.user_id == user_id, Card.is_default).values(is_default=False))
    session.execute(update(Card).where(Card.id == card.id).values(is_default=True))
    session.refresh(card)


def _lock_cards(session: Session, user_id: int) -> list[Card]:
    query = select(Card).where(Card.user_id == user_id).order_by(Card.id).with_for_update(key_share=True)
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())


def _lock_own(session: Session, user_id: int, ref: str) -> Card:
    if "\x00" in ref:
        raise _missing()
    query = select(Card).where(Card.user_id == user_id, Card.ref == ref).with_for_update(key_share=True)
    card = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if card is None:
        raise _missing()
    return card


def _missing() -> NotFound:
    return NotFound("There is no such card.")
