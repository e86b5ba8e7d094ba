"""The receipt behind a charge's `receipt_url`."""

from flask import Blueprint, abort, render_template

from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.resources.refunds import refunds
from randonumber.sandbox.scope import unit

pages = Blueprint("receipts", __name__)

BACK = {
    "pending": "on its way",
    "requires_action": "waiting for the buyer",
    "succeeded": "returned",
    "failed": "failed",
    "canceled": "cancelled",
}
DISPUTED = {
    "needs_response": "The bank took the payment back; the shop can still answer.",
    "under_review": "The bank is looking at what the shop answered.",
    "won": "The bank decided for the shop: the payment stands.",
    "lost": "The bank decided for the buyer: the payment was taken back.",
    "warning_needs_response": "The bank asks about this payment.",
    "warning_under_review": "The bank is looking at what the shop answered.",
    "warning_closed": "The bank asked about this payment and is satisfied.",
}


@pages.get("/receipts/<charge_id>")
def show(charge_id: str) -> str:
    """Show what was paid, when, with which card, and what came back."""
    with unit(sandbox()) as scope:
        found = scope.store.find_anywhere(charge_id)
        if not found or found.kind != "charge" or not found.body["paid"]:
            abort(404, "There is no such receipt in the sandbox.")
        own = scope.at(scope.now, found.account)
        return render_template(
            "receipt.html",
            charge=found.body,
            refunds=refunds.of_charge(own, found.body)["data"],
            dispute=disputes.of_charge(own, found.body),
            back=BACK,
            disputed=DISPUTED,
        )
