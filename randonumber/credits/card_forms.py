"""The form that buys with a saved card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wtforms import RadioField, StringField

from randonumber.credits import forms
from randonumber.credits.card_wording import Expiry, expiry_of, name_of
from randonumber.credits.models import PurchaseMethod
from randonumber.credits.service import Order
from randonumber.forms import new_form_ref

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from randonumber.credits.models import Card

NO_CARD: Final = "You have no saved card that could pay. Save one under “Saved cards”, or pay another way."
GONE: Final = "This card is not saved any more. Choose another card, or pay another way."
OVER: Final = "This card has expired. Choose another card, or save a new one."


class OneClickForm(forms.QuantityForm):
    """An order that a saved card pays; `card` is its ref, or empty for the default one."""

    quantity = StringField("How many credits", id="one-click-quantity")
    card = RadioField("Pay with", validate_choice=False)

    def offer(self, cards: Sequence[Card], now: datetime) -> None:
        """Offer the cards of whoever is signed in, the first one chosen when none is."""
        usable = [card for card in cards if expiry_of(card, now) != Expiry.EXPIRED]
        self.card.choices = [(card.ref, name_of(card)) for card in usable]
        if usable and self.card.data not in {card.ref for card in usable}:
            self.card.data = usable[0].ref

    def takes(self, card: Card | None, now: datetime) -> bool:
        """Whether the chosen card can pay; says so beside it when it cannot."""
        if card is None:
            self.card.errors = [GONE if self.card.data else NO_CARD]
        elif expiry_of(card, now) == Expiry.EXPIRED:
            self.card.errors = [OVER]
        else:
            return True
        return False

    def order_with(self, card: Card) -> Order:
        """Return what is asked for; only after the form was found good."""
        quantity, form_ref = int(self.quantity.data or ""), self.form_ref.data or ""
        return Order(quantity=quantity, form_ref=form_ref, method=PurchaseMethod.ONE_CLICK, card_id=card.id)


def empty_one_click_form(quantity: str = str(forms.START)) -> OneClickForm:
    """Return the form to begin with."""
    return OneClickForm(formdata=None, data={"quantity": quantity, "form_ref": new_form_ref()})
