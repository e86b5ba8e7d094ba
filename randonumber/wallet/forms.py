"""The form that tops a wallet up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app
from wtforms import RadioField, StringField
from wtforms.validators import ValidationError

from randonumber.forms import OnceForm, new_form_ref
from randonumber.money import NotAnAmount, format_money, read_amount
from randonumber.wallet.service import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wtforms import Field

    from randonumber.wallet.topup_queries import SavedCard

ON_STRIPES_PAGE: Final = ""
GONE: Final = "This card cannot pay any more. Choose another card, or pay on Stripe’s page."
SUGGESTED_MINOR: Final = (1_000, 2_500, 5_000, 10_000)


class TopupForm(OnceForm):
    """An amount, and what pays it: `card` is the ref of a saved card, or empty for Stripe's page.

    `form_ref` names this use of the form, so that it pays once.
    """

    amount = StringField("Amount", id="topup-amount")
    card = RadioField("Pay", validate_choice=False, default=ON_STRIPES_PAGE)

    def offer(self, cards: Sequence[SavedCard]) -> None:
        """Offer Stripe's page, and the saved cards of whoever is signed in."""
        saved = [(card.ref, f"With {card.name}") for card in cards]
        self.card.choices = [(ON_STRIPES_PAGE, "On Stripe’s page"), *saved]
        self.card.data = self.card.data or ON_STRIPES_PAGE

    def validate_amount(self, field: Field) -> None:
        """Take an amount within the limits, as people type it."""
        config = current_app.extensions["config"]
        try:
            amount_minor = read_amount(field.data or "")
        except NotAnAmount as problem:
            raise ValidationError(str(problem)) from problem
        if not config.topup_min_cents <= amount_minor <= config.topup_max_cents:
            least, most = format_money(config.topup_min_cents), format_money(config.topup_max_cents)
            message = f"Write an amount from {least} to {most}."
            raise ValidationError(message)

    def choose(self, cards: Sequence[SavedCard]) -> tuple[bool, int | None]:
        """Return whether what is chosen can pay, and the id of the saved card; says beside it when it cannot."""
        if not self.card.data:
            return True, None
        card = next((card for card in cards if card.ref == self.card.data), None)
        if card is None:
            self.card.errors = [GONE]
            self.card.data = ON_STRIPES_PAGE
        return card is not None, card.id if card else None

    def order(self, card_id: int | None) -> Order:
        """Return what is asked for; only after the form was found good."""
        amount_minor = read_amount(self.amount.data or "")
        return Order(amount_minor=amount_minor, form_ref=self.form_ref.data or "", card_id=card_id)


def empty_form() -> TopupForm:
    """Return the form to begin with."""
    return TopupForm(formdata=None, data={"form_ref": new_form_ref(), "card": ON_STRIPES_PAGE})


def suggested() -> list[int]:
    """Return sums that a button offers, in cents, within the limits."""
    config = current_app.extensions["config"]
    return [sum_ for sum_ in SUGGESTED_MINOR if config.topup_min_cents <= sum_ <= config.topup_max_cents]
