"""What an operator writes."""

from __future__ import annotations

from typing import Final

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from randonumber.forms import PageForm

LONGEST_REASON: Final = 500


class ReasonForm(PageForm):
    """Why something is done by hand; the user reads it, and it stands in the ledger for good."""

    reason = StringField(
        "Reason",
        validators=[
            InputRequired("Say why: it stands in the ledger for good."),
            Length(max=LONGEST_REASON, message=f"At most {LONGEST_REASON} characters."),
        ],
    )
