"""Random histories of buyers: whatever they and their banks do, nobody ends with more than was paid for.

The books are compared with a model that knows only what was paid, drawn and taken back: a few lines of arithmetic, no
locks and no Stripe.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from stripe import StripeError

from randonumber.credits import service
from randonumber.credits.models import BOOKED, Purchase, PurchaseMethod
from randonumber.credits.service import Order
from randonumber.credits.service.refunds.quoting import price_of
from randonumber.database import transaction
from randonumber.errors import AppError
from randonumber.payments import effect_of_charge
from randonumber.sandbox.wire import errors as wire_errors
from randonumber.stripe_gateway import gateway
from tests.credits.bank import Bank
from tests.credits.conftest import Buyer, house
from tests.credits.on_page import Page
from tests.credits.refunding import Shop, agreed, as_person, draw_credits, refunds_of, without_credits
from tests.credits.saving import Saver, live
from tests.credits.wallets import fill
from tests.people import make_user

EXAMPLES = int(os.environ.get("HISTORIES", "6"))
SIZES = (1, 3, 10, 40)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["buy", "buy_on_page", "buy_by_one_click", "buy_from_wallet"]), st.sampled_from(SIZES)
        ),
        st.tuples(st.just("draw"), st.integers(1, 30)),
        st.tuples(
            st.sampled_from(["give_back", "operator", "dashboard", "dispute", "win", "lose", "bounce"]),
            st.integers(0, 9),
        ),
    ),
    min_size=4,
    max_size=9,
)


@dataclass(kw_only=True)
class History:
    """One buyer's history as it is played."""

    shop: Shop
    refs: list[str] = field(default_factory=list)
    drawn: int = 0
    disputes: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def play(self, what: str, number: int) -> None:
        """Do one thing; what the shop or Stripe refuses is no news."""
        with suppress(AppError, StripeError, wire_errors.Refused):
            getattr(self, what)(number)
        self.level()

    def buy(self, size: int) -> None:
        started = self.shop.buyer.start(size, form_ref=f"form-{len(self.refs):04}")
        assert started.url is not None
        self.shop.sandbox.pay(started.url)
        self.refs.append(started.ref)
        service.refresh_purchase(started.ref, actor="test")

    def buy_on_page(self, size: int) -> None:
        form_ref = f"form-{len(self.refs):04}"
        page = Page(person=self.shop.buyer.person, sandbox=self.shop.sandbox, form_ref=form_ref)
        pressed = page.press(size)
        assert page.pay(pressed.client_secret) == "succeeded"
        self.refs.append(pressed.ref)
        service.refresh_purchase(pressed.ref, actor="test")

    def buy_by_one_click(self, size: int) -> None:
        saver = Saver(buyer=self.shop.buyer, sandbox=self.shop.sandbox)
        [card, *_] = live(saver.person.user_id) or [saver.save()]
        self.refs.append(saver.buy(card, size, f"form-{len(self.refs):04}").ref)

    def buy_from_wallet(self, size: int) -> None:
        order = Order(quantity=size, form_ref=f"form-{len(self.refs):04}", method=PurchaseMethod.WALLET)
        person = as_person(self.shop.buyer)
        self.refs.append(service.buy_from_wallet(person, order, network="10.0.0.0/24"))

    def draw(self, credits_: int) -> None:
        draw_credits(self.shop.buyer.person, credits_)
        self.drawn += credits_

    def give_back(self, number: int) -> None:
        if self.refs:
            self.shop.give_back(self.any(number), f"back-{os.urandom(6).hex()}")

    def operator(self, number: int) -> None:
        if self.refs:
            self.shop.operator(self.any(number), (number + 1) * 50)

    def dashboard(self, number: int) -> None:
        if payment := self.payment(number):
            made = self.shop.sandbox.client.v1.refunds.create({"charge": payment, "amount": (number + 1) * 40})
            self.taken.append(made.id)

    def dispute(self, number: int) -> None:
        if payment := self.payment(number):
            self.disputes.append(Bank(sandbox=self.shop.sandbox).disputes(payment))

    def win(self, number: int) -> None:
        self.decide(number, won=True)

    def lose(self, number: int) -> None:
        self.decide(number, won=False)

    def bounce(self, number: int) -> None:
        if self.taken:
            Bank(sandbox=self.shop.sandbox).returns(self.taken[number % len(self.taken)])

    def decide(self, number: int, *, won: bool) -> None:
        if self.disputes:
            Bank(sandbox=self.shop.sandbox).decides(self.disputes[number % len(self.disputes)], won=won)

    def level(self) -> None:
        """Do what an event of each payment would."""
        for payment in self.payments():
            effect = effect_of_charge(gateway().get_charge(payment), actor="test")
            assert effect is not None
            with transaction() as session:
                effect(session)

    def any(self, number: int) -> str:
        return self.refs[number % len(self.refs)]

    def payment(self, number: int) -> str | None:
        paid = self.payments()
        return paid[number % len(paid)] if paid else None

    def payments(self) -> list[str]:
        with transaction() as session:
            query = select(Purchase.payment_id).where(Purchase.ref.in_(self.refs), Purchase.payment_id.is_not(None))
            return [payment or "" for payment in session.scalars(query.order_by(Purchase.id))]


def bought(buyer: Buyer) -> list[Purchase]:
    with transaction() as session:
        query = select(Purchase).where(Purchase.user_id == buyer.person.id, Purchase.status.in_(BOOKED))
        return list(session.scalars(query))


def reversed_minor(purchase: Purchase) -> int:
    """What of a purchase's price went back, and is not back again."""
    return min(purchase.amount_minor, purchase.refunded_minor + purchase.disputed_minor)


def judge(history: History) -> None:
    """Nobody has more than was paid for, no purchase gave more back than was paid, no credit came from nowhere."""
    shop, purchases = history.shop, bought(history.shop.buyer)
    issued, revoked = (sum(getattr(each, name) for each in purchases) for name in ("credits", "revoked_credits"))
    assert issued - revoked - history.drawn == shop.credits - shop.owed, "bought = drawn + left + revoked - owed"
    assert shop.credits >= 0
    for purchase in purchases:
        in_force = [row for row in refunds_of(purchase.ref) if row.status in {"held", "pending", "succeeded"}]
        assert sum(row.amount_minor for row in in_force) == purchase.refunded_minor <= purchase.amount_minor
        kept_credits = purchase.credits - purchase.revoked_credits
        kept_minor = purchase.amount_minor - reversed_minor(purchase)
        # Credits that stay are paid for: by the purchase's own unit price, or, where the buyer gave some back, by what
        # so few cost. A forced reversal rounds down, so one credit a reversal may be a part short.
        least = min(kept_credits * purchase.unit_price_minor, price_of(purchase.tiers, kept_credits))
        assert kept_minor + purchase.unit_price_minor > least, (purchase, kept_minor, least)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 6,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(steps=STEPS)
@example(steps=[("buy_on_page", 40), ("draw", 25), ("dashboard", 9), ("dispute", 1), ("lose", 0), ("give_back", 0)])
@example(steps=[("buy_by_one_click", 10), ("draw", 14), ("dispute", 1), ("give_back", 0), ("win", 0), ("bounce", 0)])
def test_nobody_ends_with_more_than_was_paid_for(shop: Shop, steps: list[tuple[str, int]]) -> None:
    buyer = Buyer(person=make_user())
    without_credits(buyer.person)
    fill(buyer, 10_000)
    mine = Shop(buyer=buyer, sandbox=shop.sandbox, deliver=shop.deliver, run=shop.run)
    history = History(shop=mine)
    for what, number in [("buy", 10), *steps]:
        history.play(what, number)
        judge(history)
    assert (house("refunds:in_transit"), house("unmatched")) == (0, 0)
    agreed()
