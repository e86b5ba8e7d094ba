"""Which mails one wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, request

from randonumber.access import person, signed_in
from randonumber.credits.service import low_balance
from randonumber.credits.views.blueprint import blueprint
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@blueprint.post("/account/notices")
@signed_in
def choose_notices() -> ResponseReturnValue:
    """Keep whether a mail comes when credits run low."""
    wanted = "low_balance" in request.form
    with transaction() as session:
        low_balance.set_wanted(session, person().user_id, wanted=wanted)
    flash("We tell you when your credits run low." if wanted else "No mail comes when your credits run low.", "success")
    return redirect("/account#mails", 303)
