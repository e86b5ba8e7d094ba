"""The form that buys: a pack or a quantity. Prices are never in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from flask import current_app
from wtforms import HiddenField, StringField
from wtforms.validators import ValidationError

from randonumber.credits.models import PurchaseMethod
from randonumber.credits.pricing import MOST_CREDITS, PACKS, as_setting
from randonumber.credits.service import Order
from randonumber.forms import OnceForm, new_form_ref

if TYPE_CHECKING:
    from wtforms import Field

START: Final = 25
"""The quantity that the form begins with."""
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)


class CheckoutForm(OnceForm):
    """An order; `form_ref` names this use of the form, so that it buys once."""

    pack = StringField("Pack")
    quantity = StringField("How many credits")

    def validate_pack(self, field: Field) -> None:
        """Take a pack that is on sale."""
        if field.data and field.data not in {str(pack) for pack in PACKS}:
            message = "Choose one of the packs."
            raise ValidationError(message)

    def validate_quantity(self, field: Field) -> None:
        """Take a whole number in digits, or nothing when a pack is chosen; never both."""
        if self.pack.data:
            if field.data:
                message = "Choose a pack or a quantity, not both."
                raise ValidationError(message)
            return
        if read_quantity(field.data or "") is None:
            message = f"Write a whole number from 1 to {MOST_CREDITS:,}."
            raise ValidationError(message)

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge the form; what is wrong with the pack, whose buttons say it, stands on top of it."""
        is_good: bool = super().validate(extra_validators)
        self.form_errors = [*self.form_errors, *self.pack.errors]
        return is_good

    @property
    def order(self) -> Order:
        """What is asked for; only after the form was found good."""
        pack = int(self.pack.data) if self.pack.data else None
        return Order(quantity=pack or int(self.quantity.data or ""), pack=pack, form_ref=self.form_ref.data or "")


class QuantityForm(OnceForm):
    """An order of any quantity, paid at once; `form_ref` names this use of the form, so that it buys once.

    `price_table` is the one whose prices the page has shown, where it comes from a page.
    """

    quantity = StringField("How many credits")
    price_table = HiddenField()

    def validate_price_table(self, field: Field) -> None:
        """Take the prices of now: nobody pays at once what was not shown."""
        if field.data and field.data != as_setting(current_app.extensions["config"].credit_tiers):
            message = "Prices have changed since this page was made. Look at the new price, and press again to pay it."
            raise ValidationError(message)

    def validate_quantity(self, field: Field) -> None:
        """Take a whole number in digits."""
        if read_quantity(field.data or "") is None:
            message = f"Write a whole number from 1 to {MOST_CREDITS:,}."
            raise ValidationError(message)


class WalletForm(QuantityForm):
    """An order that wallet money pays."""

    quantity = StringField("How many credits", id="wallet-quantity")

    @property
    def order(self) -> Order:
        """What is asked for; only after the form was found good."""
        quantity, form_ref = int(self.quantity.data or ""), self.form_ref.data or ""
        return Order(quantity=quantity, form_ref=form_ref, method=PurchaseMethod.WALLET)


class RefundForm(OnceForm):
    """The button that gives a purchase back; `form_ref` names this use of it."""


def read_quantity(text: str) -> int | None:
    """Read a quantity that is for sale, written in plain digits; None for anything else."""
    if not _WHOLE.fullmatch(text) or int(text) > MOST_CREDITS:
        return None
    return int(text)


def empty_form(quantity: str = str(START), form_ref: str | None = None) -> CheckoutForm:
    """Return the form to begin with; under the name of a form that was sent before, it goes on with its purchase."""
    return CheckoutForm(formdata=None, data={"quantity": quantity, "form_ref": form_ref or new_form_ref()})


def empty_wallet_form(quantity: str = str(START)) -> WalletForm:
    """Return the form to begin with."""
    return WalletForm(formdata=None, data={"quantity": quantity, "form_ref": new_form_ref()})
