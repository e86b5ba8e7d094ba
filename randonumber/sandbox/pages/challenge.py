"""3-D Secure: the page where a buyer proves to be the card's owner."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from randonumber.sandbox.pages.layout import allow_redirects_to, sandbox
from randonumber.sandbox.resources import checkout_payment, payments
from randonumber.sandbox.scope import Json, Scope, unit
from randonumber.sandbox.store import Record

pages = Blueprint("challenge", __name__)


def find(intent_id: str) -> Record:
    """Return the intent behind an address, or a 404."""
    found = sandbox().store.find_anywhere(intent_id)
    if not found or found.kind != "payment_intent":
        abort(404, "There is no such payment in the sandbox.")
    return found


@pages.get("/challenge/<intent_id>")
def show(intent_id: str) -> tuple[str, int]:
    """Show the question, or that it has been answered."""
    with unit(sandbox()) as scope:
        found = find(intent_id)
        return page(scope, found, 200)


@pages.post("/challenge/<intent_id>")
def submit(intent_id: str) -> Response | tuple[str, int]:
    """`action=complete` passes, `action=fail` fails; 303 back to where the buyer came from."""
    with unit(sandbox(), base_url=request.host_url) as scope:
        found = find(intent_id)
        own = scope.at(scope.now, found.account)
        if found.body["status"] != "requires_action":
            return page(own, found, 409)
        if request.form.get("action") not in ("complete", "fail"):
            return page(own, found, 422)
        intent = answered(own, found, passed=request.form["action"] == "complete")
        own.run_later()
        target = way_back(own, found, intent)
        return redirect(target, 303) if target else page(own, find(intent_id), 200)


def answered(scope: Scope, found: Record, *, passed: bool) -> Json:
    """Return the intent after the challenge; a session that it belongs to is completed with it."""
    intent = found.body
    try:
        intent = payments.authenticate(scope, intent, passed=passed)
    except payments.PaymentDeclined:
        return scope.get("payment_intent", intent["id"]).body
    session_id = found.hidden.get("session")
    if session_id and intent["status"] == "succeeded":
        session = scope.get("checkout.session", session_id).body
        checkout_payment.complete(scope, session, intent, found.hidden["email"])
    return intent


def way_back(scope: Scope, found: Record, intent: Json) -> str | None:
    """Return the shop when paid; else the hosted page, or the return address with the outcome added as Stripe does."""
    paid = intent["status"] == "succeeded"
    if found.hidden.get("session"):
        session = scope.get("checkout.session", found.hidden["session"]).body
        return checkout_payment.success_url(session) if paid else url_for("checkout.show", session_id=session["id"])
    target: str | None = found.hidden.get(payments.HIDDEN_RETURN)
    if not target:
        return None
    outcome = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if paid else "failed",
    }
    return target + ("&" if "?" in target else "?") + urlencode(outcome)


def page(scope: Scope, found: Record, status: int) -> tuple[str, int]:
    """Show the page in the intent's state."""
    del scope
    allow_redirects_to(found.hidden.get(payments.HIDDEN_RETURN))
    return render_template("challenge.html", intent=found.body), status
