"""Hands for tests with saved cards: saved at Stripe and brought here, and purchases that they pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from randonumber import calls, hooks
from randonumber.credits import service
from randonumber.credits.models import Card, PurchaseMethod
from randonumber.credits.service import Order, Started, cards, customers
from randonumber.database import transaction
from randonumber.sandbox import inprocess

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import StripeSandbox

GOOD = "4242424242424242"
DECLINES_LATER = "4000000000000341"
ASKS_ALWAYS = "4000002760003184"
CONFIRM = "POST /v1/payment_intents/{intent}/confirm"
INTENTS = "POST /v1/payment_intents"


@dataclass(frozen=True, kw_only=True)
class Saver:
    """A buyer with cards."""

    buyer: Buyer
    sandbox: StripeSandbox

    @property
    def person(self) -> hooks.Person:
        person = self.buyer.person
        return hooks.Person(user_id=person.id, ref=person.ref, email=person.email)

    def customer(self) -> str:
        """The buyer's customer at Stripe, made when there is none."""
        with transaction() as session:
            customer = customers.lock_customer(session, self.person.user_id)
            if customer.stripe_customer_id is None:
                customers.plan(session, customer)
            call_id = customer.call_id
        if call_id is not None:
            calls.drive(call_id)
        with transaction() as session:
            found = customers.lock_customer(session, self.person.user_id).stripe_customer_id
        assert found is not None
        return found

    def attach(self, number: str = GOOD, exp_year: int = 2040) -> str:
        """Let Stripe know a card of the customer, past this app; return its id."""
        card: Any = {"number": number, "exp_month": 12, "exp_year": exp_year, "cvc": "123"}
        method = self.sandbox.client.v1.payment_methods.create({"type": "card", "card": card}).id
        customer = self.customer()
        return self.sandbox.client.v1.payment_methods.attach(method, {"customer": customer}).id

    def save(self, number: str = GOOD, exp_year: int = 2040) -> Card:
        """Save a card, and bring it here."""
        method = self.attach(number, exp_year)
        cards.level(self.person.user_id)
        return card_of(method)

    def buy(
        self,
        card: Card,
        quantity: int = 10,
        form_ref: str = "form-0001",
        method: PurchaseMethod = PurchaseMethod.ONE_CLICK,
    ) -> Started:
        order = Order(quantity=quantity, form_ref=form_ref, method=method, card_id=card.id)
        return service.start_purchase(self.person, order, network="10.0.0.0/24")


def card_of(payment_method: str) -> Card:
    with transaction() as session:
        return session.execute(select(Card).where(Card.stripe_payment_method_id == payment_method)).scalar_one()


def live(user_id: int) -> list[Card]:
    """The cards that are shown, oldest first."""
    with transaction() as session:
        query = select(Card).where(Card.user_id == user_id, Card.removed_at.is_(None)).order_by(Card.id)
        return list(session.execute(query).scalars())


def answer_bank(sandbox: StripeSandbox, challenge_url: str, answer: str = "complete") -> str:
    """Answer the bank's question as the card's owner would; return where the browser is sent."""
    found = inprocess.answer_challenge(sandbox.app, challenge_url, answer)
    assert found is not None
    return found


def charges(sandbox: StripeSandbox, *, paid: bool = True) -> list[Any]:
    return [one for one in sandbox.client.v1.charges.list({"limit": 100}).data if one.paid == paid]


def intents(sandbox: StripeSandbox) -> list[Any]:
    return list(sandbox.client.v1.payment_intents.list({"limit": 100}).data)
