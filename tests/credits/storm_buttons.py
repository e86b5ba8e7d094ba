"""The buttons of the kill storm for buying: each is what a person does, from the press to the page that comes after."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import stripe
from sqlalchemy import select, text

from randonumber import hooks
from randonumber.credits import service
from randonumber.credits.models import Card, PurchaseMethod
from randonumber.credits.service import Order, refunds
from randonumber.credits.service.refunds import NotRefundable
from randonumber.database import transaction
from randonumber.errors import AppError
from randonumber.stripe_gateway import StripeUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD_CARD: Final = "4242424242424242"
DECLINED_CARD: Final = "4000000000000002"


@dataclass(frozen=True, kw_only=True)
class Press:
    """One button that somebody pressed, and presses again when nothing seems to happen.

    `card` is what is typed where a card is typed; without one the person walks away from Stripe's page or ours.
    """

    button: Callable[[str, hooks.Person, Press], None]
    buyer: int
    form_ref: str
    quantity: int
    card: str | None

    @property
    def network(self) -> str:
        """A network of the buyer's own: purchases are counted by network."""
        return f"10.0.{self.buyer}.0/24"

    def order(self, method: PurchaseMethod, card_id: int | None = None) -> Order:
        """Return what the form says."""
        return Order(quantity=self.quantity, form_ref=self.form_ref, method=method, card_id=card_id)


class StayThere(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: the shop's pages are not asked."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def address(number: int) -> str:
    """Return a buyer's mail address."""
    return f"buyer-{number}@example.com"


def press(base: str, one: Press) -> None:
    """Be a web process in which a button is pressed. What a page would say in words is no error."""
    with transaction() as session:
        query = text("SELECT id AS user_id, ref, email FROM users WHERE email = :email")
        buyer = hooks.Person(**session.execute(query, {"email": address(one.buyer)}).mappings().one())
    with suppress(AppError, StripeUnavailable):
        one.button(base, buyer, one)


def hosted(_base: str, buyer: hooks.Person, one: Press) -> None:
    """Buy on Stripe's page, and come back."""
    started = service.start_purchase(buyer, one.order(PurchaseMethod.CHECKOUT), network=one.network)
    if started.url is None or one.card is None:
        return
    typed = {"email": buyer.email, "card_number": one.card, "exp": "12/40", "cvc": "123", "action": "pay"}
    form = urllib.parse.urlencode(typed).encode()
    with suppress(urllib.error.HTTPError):  # declined, or paid already; or sent back to the shop
        urllib.request.build_opener(StayThere).open(started.url, form).close()
    service.refresh_purchase(started.ref, actor="storm")


def custom(base: str, buyer: hooks.Person, one: Press) -> None:
    """Buy on our own page: the secret goes to the browser, and the browser to Stripe."""
    found = service.start_on_page(buyer, one.order(PurchaseMethod.CUSTOM), network=one.network)
    if found.client_secret is None or one.card is None:
        return
    browser = stripe.StripeClient("pk_test_sandbox", base_addresses={"api": base}, max_network_retries=0)
    wanted: Any = {
        "client_secret": found.client_secret,
        "payment_method": "pm_card_visa" if one.card == GOOD_CARD else "pm_card_chargeDeclined",
        "return_url": f"{base}/back",
    }
    with suppress(stripe.StripeError):  # the browser sees an error, and the return page tells
        browser.v1.payment_intents.confirm(found.client_secret.partition("_secret_")[0], wanted)
    service.refresh_purchase(found.ref, actor="storm")


def one_click(_base: str, buyer: hooks.Person, one: Press) -> None:
    """Buy with the saved card."""
    with transaction() as session:
        card_id = session.execute(select(Card.id).where(Card.user_id == buyer.user_id)).scalar_one()
    service.start_purchase(buyer, one.order(PurchaseMethod.ONE_CLICK, card_id), network=one.network)


def from_wallet(_base: str, buyer: hooks.Person, one: Press) -> None:
    """Buy with wallet money."""
    service.buy_from_wallet(buyer, one.order(PurchaseMethod.WALLET), network=one.network)


def give_back(_base: str, buyer: hooks.Person, one: Press) -> None:
    """Give back the buyer's newest purchase that can be."""
    newest = text("SELECT ref FROM purchases WHERE user_id = :id AND status = 'paid' ORDER BY id DESC LIMIT 1")
    with transaction() as session:
        ref = session.execute(newest, {"id": buyer.user_id}).scalar_one_or_none()
    if ref is not None:
        with suppress(NotRefundable):
            refunds.refund_for_buyer(buyer, ref, one.form_ref)


BUTTONS: Final = (hosted, custom, custom, one_click, from_wallet, give_back)
