"""The form of a draw. It only turns text into whole numbers; `wishes` judges them, as for the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wtforms import HiddenField, IntegerField

from randonumber.forms import OnceForm, new_form_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from randonumber.numbers.models import Draw

_WHOLE: Final = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_START: Final = {"type": "integer", "min": 1, "max": 100, "n": 1}


class WholeNumberField(IntegerField):
    """Takes digits with a minus before them, and nothing else that Python would read as a number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; raises ValueError with words for the person who typed it."""
        if len(valuelist) != 1 or not _WHOLE.fullmatch(valuelist[0]):
            self.data = None
            message = "Write a whole number in digits."
            raise ValueError(message)
        self.data = int(valuelist[0])


class DrawForm(OnceForm):
    """What to draw; `form_ref` names this use of the form, so that it draws once."""

    type = HiddenField()
    min = WholeNumberField("From")
    max = WholeNumberField("To")
    n = WholeNumberField("How many")

    @property
    def wish(self) -> dict[str, Any]:
        """The request, to be judged."""
        return {
            "type": self.type.data or _START["type"],
            "min": self.min.data,
            "max": self.max.data,
            "n": self.n.data,
        }

    def refuse(self, errors: Iterable[Mapping[str, str]]) -> None:
        """Show each reason beside its field, or on top where its field is hidden."""
        for error in errors:
            field = self._fields.get(error["field"])
            if field is None or isinstance(field, HiddenField):
                self.form_errors = [*self.form_errors, error["message"]]
            else:
                field.errors = [*field.errors, f"{field.label.text} {error['message']}."]

    def renew(self) -> None:
        """Let the next use of the form be another one."""
        self.form_ref.data = new_form_ref()


def empty_form(like: Draw | None = None) -> DrawForm:
    """Return the form to begin with, or with what was asked of a draw."""
    asked = {"type": like.type, **like.request} if like else _START
    return DrawForm(formdata=None, data={**asked, "form_ref": new_form_ref()})
