"""The receipt behind a charge's `receipt_url`."""

from flask import Blueprint, abort, render_template

from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.scope import unit

pages = Blueprint("receipts", __name__)


@pages.get("/receipts/<charge_id>")
def show(charge_id: str) -> str:
    """Show what was paid, when, with which card."""
    with unit(sandbox()) as scope:
        found = scope.store.find_anywhere(charge_id)
        if not found or found.kind != "charge" or not found.body["paid"]:
            abort(404, "There is no such receipt in the sandbox.")
        return render_template("receipt.html", charge=found.body)
