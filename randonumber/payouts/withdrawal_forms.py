"""The form that withdraws: an amount as people type it, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wtforms import StringField
from wtforms.validators import ValidationError

from randonumber.forms import OnceForm
from randonumber.money import NotAnAmount, read_amount
from randonumber.payouts.service.withdrawals.reasons import ALL

if TYPE_CHECKING:
    from wtforms import Field

    from randonumber.payouts.service.withdrawals.reasons import Asked

_NO: Final = frozenset({"", "0", "false", "no", "off"})
LONGEST: Final = 40
"""So much of what was typed is kept."""


class WithdrawForm(OnceForm):
    """How much; `all`, a button, wins over what is typed. `form_ref` names this use of the form."""

    amount = StringField("How much")
    all = StringField("All of it")

    def validate_amount(self, field: Field) -> None:
        """Take an amount above zero, unless all is asked for."""
        if self.is_all:
            return
        try:
            amount_minor = read_amount(field.data or "")
        except NotAnAmount as error:
            raise ValidationError(str(error)) from error
        if amount_minor == 0:
            message = "Write an amount above zero, such as 12.50."
            raise ValidationError(message)

    @property
    def is_all(self) -> bool:
        """Whether all is asked for."""
        chosen = (self.all.data or "").strip().lower() not in _NO
        return chosen or (self.amount.data or "").strip().lower() == ALL

    @property
    def asked(self) -> Asked:
        """What is asked for; only after the form was found good."""
        return ALL if self.is_all else read_amount(self.amount.data or "")

    @property
    def typed(self) -> str:
        """What was typed, to be kept over a detour."""
        return ALL if self.is_all else (self.amount.data or "").strip()[:LONGEST]
