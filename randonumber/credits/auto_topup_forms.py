"""The form of auto top-up: whether, when, how many, and at most for how much a month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wtforms import BooleanField, StringField
from wtforms.validators import ValidationError

from randonumber.credits.forms import read_quantity
from randonumber.credits.pricing import CURRENCY, MOST_CREDITS
from randonumber.credits.service.auto_topups import Terms
from randonumber.forms import PageForm
from randonumber.money import NotAnAmount, format_money, parse_amount

if TYPE_CHECKING:
    from wtforms import Field

    from randonumber.credits.models import AutoTopup

THRESHOLD: Final = 10
QUANTITY: Final = 100
CAP: Final = "100.00"
MOST_MINOR: Final = 10_000_000
"""The highest monthly cap: nobody means more, and a slip of the hand may write it."""


class AutoTopupForm(PageForm):
    """What its owner allows. Without `enabled` the rest does not count: turning it off always works."""

    form_errors: list[str]
    enabled = BooleanField(
        "Buy credits for me with my default card", false_values=(False, "", "0", "false", "off", "no")
    )
    threshold = StringField("When fewer credits are left than")
    quantity = StringField("Buy this many")
    monthly_cap = StringField("At most a month")

    def validate_threshold(self, field: Field) -> None:
        """Take a whole number: fewer than none are never left."""
        if read_quantity(field.data or "") is None:
            message = f"Write a whole number from 1 to {MOST_CREDITS:,}; with 1 it buys when none is left."
            raise ValidationError(message)

    def validate_quantity(self, field: Field) -> None:
        """Take a whole number that can be bought at once."""
        if read_quantity(field.data or "") is None:
            message = f"Write a whole number from 1 to {MOST_CREDITS:,}."
            raise ValidationError(message)

    def validate_monthly_cap(self, field: Field) -> None:
        """Take an amount as people type it."""
        try:
            cap_minor = parse_amount(field.data or "", CURRENCY)
        except NotAnAmount as problem:
            raise ValidationError(str(problem)) from problem
        if cap_minor > MOST_MINOR:
            message = f"Write at most {format_money(MOST_MINOR, CURRENCY)}."
            raise ValidationError(message)

    @property
    def terms(self) -> Terms:
        """What is allowed; only after the form was found good."""
        return Terms(
            threshold=int(self.threshold.data or ""),
            quantity=int(self.quantity.data or ""),
            monthly_cap_minor=parse_amount(self.monthly_cap.data or "", CURRENCY),
        )


def form_of(topup: AutoTopup | None) -> AutoTopupForm:
    """Return the form as it stands, or the one to begin with: nobody has agreed to anything yet."""
    if topup is None:
        given = {"enabled": False, "threshold": str(THRESHOLD), "quantity": str(QUANTITY), "monthly_cap": CAP}
        return AutoTopupForm(formdata=None, data=given)
    cap = f"{topup.monthly_cap_minor // 100}.{topup.monthly_cap_minor % 100:02}"
    given = {
        "enabled": topup.enabled and topup.stopped_at is None,
        "threshold": str(topup.threshold),
        "quantity": str(topup.quantity),
        "monthly_cap": cap,
    }
    return AutoTopupForm(formdata=None, data=given)
