"""3-D Secure: the page where a buyer proves to be the card's owner, to pay or to save the card."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from randonumber.sandbox.pages.layout import allow_redirects_to, sandbox
from randonumber.sandbox.resources.checkout import checkout_ending, checkout_payment
from randonumber.sandbox.resources.payments import payments, setups
from randonumber.sandbox.scope import Json, Scope, unit
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import Refused

pages = Blueprint("challenge", __name__)
KINDS = ("payment_intent", "setup_intent")


def find(intent_id: str) -> Record:
    """Return the intent behind an address, or a 404."""
    found = sandbox().store.find_anywhere(intent_id)
    if not found or found.kind not in KINDS:
        abort(404, "There is no such payment in the sandbox.")
    return found


@pages.get("/challenge/<intent_id>")
def show(intent_id: str) -> tuple[str, int]:
    """Show the question, or that it has been answered."""
    with unit(sandbox()):
        return page(find(intent_id), 200)


@pages.post("/challenge/<intent_id>")
def submit(intent_id: str) -> Response | tuple[str, int]:
    """`action=complete` passes, `action=fail` fails; 303 back to where the buyer came from."""
    with unit(sandbox(), base_url=request.host_url) as scope:
        found = find(intent_id)
        own = scope.at(scope.now, found.account)
        if found.body["status"] != "requires_action":
            return page(found, 409)
        if request.form.get("action") not in ("complete", "fail"):
            return page(found, 422)
        intent = answered(own, found, passed=request.form["action"] == "complete")
        own.run_later()
        target = way_back(own, found, intent)
        return redirect(target, 303) if target else page(find(intent_id), 200)


def answered(scope: Scope, found: Record, *, passed: bool) -> Json:
    """Return the intent after the challenge; a session that it belongs to is completed with it."""
    acting = payments.authenticate if found.kind == "payment_intent" else setups.authenticate
    session_id = found.hidden.get("session")
    try:
        with scope.undone_if_raised():
            intent = acting(scope, found.body, passed=passed)
            if session_id and intent["status"] == "succeeded":
                complete(scope, found, scope.get("checkout.session", session_id).body, intent)
    except Refused:
        return scope.get(found.kind, found.body["id"]).body
    return intent


def complete(scope: Scope, found: Record, session: Json, intent: Json) -> None:
    """End the Checkout Session that the challenge interrupted."""
    if found.kind == "payment_intent":
        checkout_payment.complete(scope, session, intent, found.hidden["email"])
    else:
        email, name = found.hidden["email"], found.hidden.get("name")
        checkout_ending.complete(scope, session, "no_payment_required", email=email, name=name)


def way_back(scope: Scope, found: Record, intent: Json) -> str | None:
    """Return the shop when it went well; else the hosted page, or the return address with the outcome added."""
    done = intent["status"] == "succeeded"
    if found.hidden.get("session"):
        session = scope.get("checkout.session", found.hidden["session"]).body
        return checkout_payment.success_url(session) if done else url_for("checkout.show", session_id=session["id"])
    target: str | None = found.hidden.get(payments.HIDDEN_RETURN)
    if not target:
        return None
    outcome = {
        found.kind: intent["id"],
        f"{found.kind}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if done else "failed",
    }
    return with_query(target, urlencode(outcome))


def with_query(address: str, query: str) -> str:
    """Return an address with more in its query; a fragment stays at the end."""
    before, mark, fragment = address.partition("#")
    return before + ("&" if "?" in before else "?") + query + mark + fragment


def page(found: Record, status: int) -> tuple[str, int]:
    """Show the page in the intent's state."""
    allow_redirects_to(found.hidden.get(payments.HIDDEN_RETURN))
    return render_template("challenge.html", intent=found.body, saving=found.kind == "setup_intent"), status
