"""What the forms of all pages share."""

from __future__ import annotations

import secrets
from typing import Any, Final

from flask import request
from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import Regexp

FORM_REF: Final = r"[A-Za-z0-9_-]{8,64}"
"""What a `form_ref` may be: the name of one use of a form, so that it is done once however often it is sent."""


class PageForm(FlaskForm):  # type: ignore[misc]
    """A form that is filled by what a browser's form sends, and by nothing else.

    Flask-WTF's own also reads JSON of any shape, where a number in place of text or a list in place of the whole
    ends in a crash. `formdata=None` makes an empty form whatever was sent.
    """

    form_errors: list[str]

    def __init__(self, formdata: Any = ..., **given: Any) -> None:
        super().__init__(formdata=(request.form or None) if formdata is ... else formdata, **given)


class OnceForm(PageForm):
    """A form that is done once: `form_ref` names this use of it."""

    form_ref = HiddenField(validators=[Regexp(rf"^{FORM_REF}\Z", message="Please send the form again.")])

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge the form; what is wrong with a hidden field stands on top of it."""
        is_good: bool = super().validate(extra_validators)
        hidden = (error for field in self if isinstance(field, HiddenField) for error in field.errors)
        self.form_errors = [*self.form_errors, *hidden]
        return is_good


def new_form_ref() -> str:
    """Return a name for one use of a form."""
    return secrets.token_urlsafe(16)
