"""Hosted Checkout: a plain form that pays or saves a card, or says beside the field why it cannot."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from randonumber.sandbox.pages import checkout_form
from randonumber.sandbox.pages.checkout_form import FIELDS, Attempt
from randonumber.sandbox.pages.layout import allow_redirects_to, sandbox
from randonumber.sandbox.resources.checkout import checkout_payment, checkout_setup
from randonumber.sandbox.resources.checkout.checkout_buyer import cancel_url, success_url
from randonumber.sandbox.resources.payments import bank
from randonumber.sandbox.scope import Json, Scope, unit
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import Refused

pages = Blueprint("checkout", __name__)
DECLINE_FIELDS = {"incorrect_cvc": "cvc", "expired_card": "exp"}


def find(session_id: str) -> Record:
    """Return the session behind an address, or a 404."""
    found = sandbox().store.find_anywhere(session_id)
    if not found or found.kind != "checkout.session":
        abort(404, "There is no such Checkout Session in the sandbox.")
    return found


@pages.get("/checkout/<session_id>")
def show(session_id: str) -> tuple[str, int]:
    """Show the page: the form, or that it is done, or that it has expired."""
    with unit(sandbox()) as scope:
        found = find(session_id)
        return page(scope, found, Attempt(errors=last_error(scope, found)))


@pages.post("/checkout/<session_id>")
def submit(session_id: str) -> Response | tuple[str, int]:
    """Pay, save or cancel: 303 to where the app wanted it, or the page again with the reasons.

    The transaction holds the session meanwhile: a form sent twice finds it done the second time, and pays once.
    """
    with unit(sandbox(), base_url=request.host_url) as scope:
        found = find(session_id)
        own = scope.at(scope.now, found.account)
        if request.form.get("action") == "cancel":
            return give_up(own, found)
        if found.body["status"] == "complete":
            return redirect(success_url(found.body), 303)
        if found.body["status"] != "open":
            return page(own, found, Attempt())
        attempt = checkout_form.read(own, found.body, request.form)
        if attempt.errors:
            return page(own, found, attempt)
        answer = carry_out(own, found, attempt)
        own.run_later()
        return answer


def give_up(scope: Scope, found: Record) -> Response | tuple[str, int]:
    """Back to the shop; the session stays open."""
    target = cancel_url(found.body)
    if target:
        return redirect(target, 303)
    return page(scope, found, Attempt(errors={"form": "This shop gave no address to go back to."}))


def carry_out(scope: Scope, found: Record, attempt: Attempt) -> Response | tuple[str, int]:
    """Do what the form asks; a decline stands beside the field and lets the buyer try again."""
    try:
        with scope.undone_if_raised():
            intent = tried(scope, found.body, attempt)
    except Refused as refused:
        first = "account_number" if attempt.method == bank.METHOD else "card_number"
        where = DECLINE_FIELDS.get(refused.fields.get("code", ""), first)
        errors = {where: refused.fields["message"]}
        now = find(found.body["id"])
        return page(scope, now, Attempt(method=attempt.method, typed=attempt.typed, errors=errors))
    if intent["status"] == "requires_action":
        return redirect(intent["next_action"]["redirect_to_url"]["url"], 303)
    return redirect(success_url(found.body), 303)


def tried(scope: Scope, session: Json, attempt: Attempt) -> Json:
    """Return the intent after the attempt. Raises Refused for a decline."""
    if session["mode"] == "setup":
        return checkout_setup.save(scope, session, attempt.card, attempt.buyer)
    if attempt.method == bank.METHOD:
        return checkout_payment.by_bank(scope, session, attempt.account, attempt.buyer)
    return checkout_payment.by_card(scope, session, attempt.card, attempt.buyer)


def last_error(scope: Scope, found: Record) -> dict[str, str]:
    """Why the last attempt failed, when the buyer comes back from a challenge."""
    session, own = found.body, scope.at(scope.now, found.account)
    if session["status"] != "open":
        return {}
    error = None
    if session["payment_intent"]:
        error = own.get("payment_intent", session["payment_intent"]).body["last_payment_error"]
    if session["setup_intent"]:
        error = own.get("setup_intent", session["setup_intent"]).body["last_setup_error"]
    return {"card_number": error["message"]} if error else {}


def page(scope: Scope, found: Record, attempt: Attempt) -> tuple[str, int]:
    """Render the page in the session's state, with the status that says so."""
    session = found.body
    own = scope.at(scope.now, found.account)
    allow_redirects_to(session["success_url"], session["cancel_url"])
    if session["status"] != "open":
        body = render_template("checkout_closed.html", session=session, target=success_url(session))
        return body, 200 if session["status"] == "complete" or request.method == "GET" else 410
    offered = session["payment_method_types"]
    body = render_template(
        "checkout.html",
        session=session,
        items=found.hidden["items"],
        known_email=checkout_form.known_email(own, session),
        method=attempt.method if attempt.method in offered else offered[0],
        typed={name: attempt.typed.get(name, "") for name in FIELDS},
        errors=attempt.errors,
    )
    return body, 422 if attempt.errors and request.method == "POST" else 200
