"""The receipt of a purchase, to be printed or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template

from randonumber.access import person, signed_in
from randonumber.credits import receipts, wording
from randonumber.credits.views.blueprint import blueprint
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@blueprint.get("/credits/purchases/<ref>/receipt")
@signed_in
def receipt(ref: str) -> ResponseReturnValue:
    """Show the receipt of a purchase that was paid."""
    buyer = person()
    with transaction() as session:
        found = receipts.get_receipt(session, buyer.user_id, ref)
    return render_template(
        "credits/receipt.html",
        receipt=found,
        purchase=found.purchase,
        buyer=buyer,
        paid_with=wording.paid_with(found.purchase),
    )
