"""What the forms of all pages share."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm


class PageForm(FlaskForm):  # type: ignore[misc]
    """A form that is filled by what a browser's form sends, and by nothing else.

    Flask-WTF's own also reads JSON of any shape, where a number in place of text or a list in place of the whole
    ends in a crash. `formdata=None` makes an empty form whatever was sent.
    """

    def __init__(self, formdata: Any = ..., **given: Any) -> None:
        super().__init__(formdata=(request.form or None) if formdata is ... else formdata, **given)
