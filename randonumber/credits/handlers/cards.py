"""Events of saved cards and of customers. Each only says that cards may have changed: they are listed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from randonumber import inbox
from randonumber.credits.models import Card, StripeCustomer
from randonumber.credits.service import card_setups, cards
from randonumber.database import transaction
from randonumber.stripe_gateway import StripeNotFound, gateway

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.inbox import Effect

METHOD_EVENTS: Final = (
    "payment_method.attached",
    "payment_method.detached",
    "payment_method.updated",
    "payment_method.automatically_updated",
)


def init_app(app: Flask) -> None:
    """Subscribe to the events of cards."""
    inbox.register(app, "setup_intent.succeeded", inbox.of_our_account(on_setup))
    for event_type in METHOD_EVENTS:
        inbox.register(app, event_type, inbox.of_our_account(on_method))
    inbox.register(app, "customer.deleted", inbox.of_our_account(on_customer_deleted))


def on_setup(object_id: str, *, actor: str) -> Effect | None:  # noqa: ARG001 - saving a card posts nothing
    """Keep the card that a setup of ours saved; None when it is not one of ours. Calls the network."""
    return card_setups.effect_of(gateway().get_setup_intent(object_id))


def on_customer_deleted(object_id: str, *, actor: str) -> Effect | None:  # noqa: ARG001 - it posts nothing
    """Forget a customer that was deleted at Stripe, and the saved cards: an id that is gone never comes back."""
    return lambda session: cards.forget_customer(session, object_id)


def on_method(object_id: str, *, actor: str) -> Effect | None:  # noqa: ARG001 - it posts nothing
    """Bring the cards of its owner level; None when nobody here has the payment method. Calls the network."""
    user_id = _owner_here(object_id) or _owner_at_stripe(object_id)
    seen = cards.look(user_id) if user_id is not None else None
    if seen is None:
        return None
    return lambda session: cards.keep(session, seen)


def _owner_here(payment_method_id: str) -> int | None:
    with transaction() as session:
        return session.scalar(select(Card.user_id).where(Card.stripe_payment_method_id == payment_method_id))


def _owner_at_stripe(payment_method_id: str) -> int | None:
    try:
        card = gateway().get_card(payment_method_id)
    except StripeNotFound:
        return None
    if card is None or card.customer_id is None:
        return None
    with transaction() as session:
        owner = StripeCustomer.stripe_customer_id == card.customer_id
        return session.scalar(select(StripeCustomer.user_id).where(owner))
