"""Hosted Checkout: a plain form that pays, or says beside the field why it cannot."""

import re
import time
from dataclasses import dataclass, field

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from randonumber.sandbox import cards
from randonumber.sandbox.pages.layout import allow_redirects_to, sandbox
from randonumber.sandbox.resources import checkout_payment
from randonumber.sandbox.resources.payments import PaymentDeclined
from randonumber.sandbox.scope import Json, Scope, unit
from randonumber.sandbox.store import Record

pages = Blueprint("checkout", __name__)
EXPIRY = re.compile(r"^\s*(\d{1,2})\s*/?\s*(\d{2}|\d{4})\s*$", re.ASCII)
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
FIELDS = ("email", "card_number", "exp", "cvc")
LONGEST_FIELD = 200
DECLINE_FIELDS = {"incorrect_cvc": "cvc", "expired_card": "exp"}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was typed, and what is wrong with it."""

    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def find(session_id: str) -> Record:
    """Return the session behind an address, or a 404."""
    found = sandbox().store.find_anywhere(session_id)
    if not found or found.kind != "checkout.session":
        abort(404, "There is no such Checkout Session in the sandbox.")
    return found


@pages.get("/checkout/<session_id>")
def show(session_id: str) -> tuple[str, int]:
    """Show the page: the form, or that it is paid, or that it has expired."""
    with unit(sandbox()) as scope:
        found = find(session_id)
        return page(scope, found, Attempt(errors=last_error(scope, found.body)))


@pages.post("/checkout/<session_id>")
def submit(session_id: str) -> Response | tuple[str, int]:
    """Pay or cancel: 303 to where the app wanted it, or the page again with the reasons."""
    with unit(sandbox(), base_url=request.host_url) as scope:
        found = find(session_id)
        own = scope.at(scope.now, found.account)
        if request.form.get("action") == "cancel":
            return give_up(own, found)
        if found.body["status"] == "complete":
            return redirect(checkout_payment.success_url(found.body), 303)
        if found.body["status"] != "open":
            return page(own, found, Attempt())
        attempt = typed(own, found.body)
        if attempt.errors:
            return page(own, found, attempt)
        answer = pay(own, found, attempt)
        own.run_later()
        return answer


def give_up(scope: Scope, found: Record) -> Response | tuple[str, int]:
    """Back to the shop; the session stays open."""
    target = checkout_payment.cancel_url(found.body)
    if target:
        return redirect(target, 303)
    return page(scope, found, Attempt(errors={"form": "This shop gave no address to go back to."}))


def typed(scope: Scope, session: Json) -> Attempt:
    """Read the form and complain about what cannot be right."""
    values = {name: request.form.get(name, "").strip()[:LONGEST_FIELD] for name in FIELDS}
    values["email"] = known_email(scope, session) or values["email"]
    errors: dict[str, str] = {}
    if not EMAIL.match(values["email"]):
        errors["email"] = "Your email is incomplete."
    moment = time.gmtime(scope.now)
    number = re.sub(r"[\s-]", "", values["card_number"])
    errors |= cards.complaints(number, expiry(values["exp"]), values["cvc"], now=(moment.tm_year, moment.tm_mon))
    if request.form.get("action") != "pay":
        errors["form"] = "Choose to pay or to cancel."
    return Attempt(typed=values, errors=errors)


def expiry(text: str) -> tuple[int, int] | None:
    """(year, month) of `12/34`, None when it is neither."""
    found = EXPIRY.match(text)
    month = int(found[1]) if found else 0
    if not found or not 1 <= month <= 12:  # noqa: PLR2004
        return None
    year = int(found[2])
    return (year if year >= 1000 else 2000 + year), month  # noqa: PLR2004


def known_email(scope: Scope, session: Json) -> str | None:
    """Return an address that the shop gave along, which the buyer does not change."""
    if session["customer"]:
        email: str | None = scope.get("customer", session["customer"]).body.get("email")
        return email
    given: str | None = session["customer_email"]
    return given


def pay(scope: Scope, found: Record, attempt: Attempt) -> Response | tuple[str, int]:
    """Charge the card; a decline stands beside the field and lets the buyer try again."""
    year, month = expiry(attempt.typed["exp"]) or (0, 0)
    number = re.sub(r"[\s-]", "", attempt.typed["card_number"])
    card = cards.Card(number=number, exp_month=month, exp_year=year)
    try:
        intent = checkout_payment.pay(scope, found.body, card, attempt.typed["email"])
    except PaymentDeclined as refused:
        where = DECLINE_FIELDS.get(refused.fields["code"], "card_number")
        return page(scope, found, Attempt(typed=attempt.typed, errors={where: refused.fields["message"]}))
    if intent["status"] == "requires_action":
        return redirect(intent["next_action"]["redirect_to_url"]["url"], 303)
    return redirect(checkout_payment.success_url(found.body), 303)


def last_error(scope: Scope, session: Json) -> dict[str, str]:
    """Why the last attempt failed, when the buyer comes back from a challenge."""
    if session["status"] != "open" or not session["payment_intent"]:
        return {}
    intent = scope.at(scope.now, find(session["id"]).account).get("payment_intent", session["payment_intent"]).body
    error = intent["last_payment_error"]
    return {"card_number": error["message"]} if error else {}


def page(scope: Scope, found: Record, attempt: Attempt) -> tuple[str, int]:
    """Render the page in the session's state, with the status that says so."""
    session = found.body
    own = scope.at(scope.now, found.account)
    allow_redirects_to(session["success_url"], session["cancel_url"])
    if session["status"] != "open":
        return render_template("checkout_closed.html", session=session, target=checkout_payment.success_url(session)), (
            200 if session["status"] == "complete" or request.method == "GET" else 410
        )
    body = render_template(
        "checkout.html",
        session=session,
        items=found.hidden["items"],
        known_email=known_email(own, session),
        typed={name: attempt.typed.get(name, "") for name in FIELDS},
        errors=attempt.errors,
    )
    return body, 422 if attempt.errors and request.method == "POST" else 200
