"""Purchases that were paid, and what gives them back, for the tests of refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from randonumber import hooks
from randonumber.credits.models import Refund
from randonumber.credits.service import refunds, revoke
from randonumber.database import driver_connection, transaction
from randonumber.ledger.queries import credits_left, wallet_balances
from randonumber.numbers.service import UserPays, draw
from randonumber.numbers.wishes import Integers
from randonumber.reconciliation.service import reconcile
from tests.credits.conftest import house, stored

if TYPE_CHECKING:
    from randonumber.credits.service.refunds import Asked
    from tests.credits.conftest import Buyer
    from tests.people import Person
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

CREATE = "POST /v1/refunds"
VISA = "4242424242424242"
BOUNCES = "4000000000005126"
WAITS = "4000000000007726"
MOST_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One buyer with no free credits, and what may happen to a purchase."""

    buyer: Buyer
    sandbox: StripeSandbox
    deliver: DeliverWebhooks
    run: RunJobs

    def buy(self, quantity: int = 10, *, card: str = VISA, form_ref: str = "form-0001") -> str:
        """Buy on the hosted page, told of by events; return the purchase's ref."""
        started = self.buyer.start(quantity, form_ref=form_ref)
        assert started.url is not None
        self.sandbox.pay(started.url, card=card)
        self.deliver()
        assert stored(started.ref).status == "paid"
        return started.ref

    def draw(self, credits_: int) -> None:
        """Spend so many credits."""
        draw_credits(self.buyer.person, credits_)

    def give_back(self, ref: str, form_ref: str = "back-0001") -> Asked:
        """Ask for a refund as the buyer."""
        return refunds.refund_for_buyer(as_person(self.buyer), ref, form_ref)

    def operator(self, ref: str, amount_minor: int | None = None, **more: Any) -> Asked:
        """Give back as an operator."""
        return refunds.refund_for_operator(ref, amount_minor, reason="a test", actor="operator:test", **more)

    def dashboard(self, ref: str, amount_minor: int | None = None) -> str:
        """Refund in Stripe's dashboard; return the refund's id. Nothing is delivered yet."""
        params: Any = {"charge": stored(ref).payment_id}
        if amount_minor is not None:
            params["amount"] = amount_minor
        return str(self.sandbox.client.v1.refunds.create(params).id)

    @property
    def credits(self) -> int:
        return self.buyer.credits

    @property
    def owed(self) -> int:
        """Credits that the buyer owes."""
        with transaction() as session:
            return wallet_balances(session, self.buyer.person.id).debt_credit

    @property
    def wallet(self) -> int:
        with transaction() as session:
            return wallet_balances(session, self.buyer.person.id).available


def draw_credits(person: Person, credits_: int) -> None:
    """Spend so many credits in as many draws as that takes."""
    payer = UserPays(user_id=person.id, actor=f"user:{person.ref}")
    while credits_:
        amount = min(credits_, MOST_AT_ONCE)
        with transaction() as session:
            draw(driver_connection(session), payer, Integers(minimum=1, maximum=6, n=amount))
        credits_ -= amount


def without_credits(person: Person) -> None:
    """Take the free credits of a new account away, so that a purchase is spent from the first draw on."""
    with transaction() as session:
        left = credits_left(session, person.id)
        if left:
            revoke(session, user_id=person.id, credits_=left, reason="a test", actor="operator:test")


def as_person(buyer: Buyer) -> hooks.Person:
    return hooks.Person(user_id=buyer.person.id, ref=buyer.person.ref, email=buyer.person.email)


def refunds_of(ref: str) -> list[Refund]:
    """Every refund of a purchase, oldest first."""
    with transaction() as session:
        query = select(Refund).where(Refund.purchase_id == stored_id(session, ref)).order_by(Refund.id)
        return list(session.execute(query).scalars())


def stored_id(session: Any, ref: str) -> int:
    found: int = session.execute(text("SELECT id FROM purchases WHERE ref = :ref"), {"ref": ref}).scalar_one()
    return found


def refund(ref: str) -> Refund:
    """The only refund of a purchase."""
    [found] = refunds_of(ref)
    return found


def agreed() -> None:
    """Stripe's book and ours agree to the cent, and nothing is nobody's."""
    report = reconcile()
    assert (report.agrees, report.difference, report.in_flight, house("unmatched")) == (True, 0, 0, 0), report


def figures(ref: str) -> tuple[str, int, int]:
    """A purchase's status, what of it is refunded, and the credits that went."""
    purchase = stored(ref)
    return purchase.status, purchase.refunded_minor, purchase.revoked_credits
