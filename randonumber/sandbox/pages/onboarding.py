"""Hosted onboarding: where the owner of a connected account says who they are."""

from dataclasses import dataclass, field

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from randonumber.sandbox.pages.layout import allow_redirects_to, sandbox
from randonumber.sandbox.resources.connect import account_links, bank_accounts, onboarding
from randonumber.sandbox.resources.connect.onboarding import Answers
from randonumber.sandbox.scope import Scope, unit
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import Refused

pages = Blueprint("onboarding", __name__)
LONGEST_NUMBER = 40


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was chosen, and what is wrong with it."""

    answers: Answers = field(default_factory=Answers)
    errors: dict[str, str] = field(default_factory=dict)


@pages.get("/onboarding/<account_id>")
def show(account_id: str) -> Response | tuple[str, int]:
    """Show the form behind a live link; a used or expired one leads to where a new one is made."""
    with unit(sandbox(), base_url=request.host_url) as scope:
        link = find(scope, account_id)
        if link is None or not account_links.is_live(scope, link):
            return turned_away(link)
        return page(scope, link, Attempt())


@pages.post("/onboarding/<account_id>")
def submit(account_id: str) -> Response | tuple[str, int]:
    """`action=complete` gives everything that is due, `leave` nothing: 303 back to the app, the link is used up."""
    with unit(sandbox(), base_url=request.host_url) as scope:
        link = find(scope, account_id)
        if link is None or not account_links.is_live(scope, link):
            return turned_away(link)
        attempt = typed()
        if not attempt.errors and request.form["action"] == "complete":
            attempt = completed(scope, link, attempt)
        if attempt.errors:
            return page(scope, link, attempt)
        account_links.use_up(scope, link)
        return redirect(link.hidden["return_url"], 303)


def find(scope: Scope, account_id: str) -> Record | None:
    """Return the link that the request came by, or a 404 for an account that is not here."""
    found = scope.store.find_anywhere(account_id)
    if not found or found.kind != "account":
        abort(404, "There is no such account in the sandbox.")
    return account_links.find(scope, "account_link", account_id, request.args.get("link", ""))


def turned_away(link: Record | None) -> Response | tuple[str, int]:
    """Lead to where a new link is made; somebody who came without one sees a page that says so."""
    if link is None:
        return render_template("onboarding_closed.html"), 403
    return redirect(link.hidden["refresh_url"], 303)


def typed() -> Attempt:
    """Read the form and complain about what cannot be."""
    answers = Answers(
        account_number=request.form.get("account_number", "").strip()[:LONGEST_NUMBER],
        identity=request.form.get("identity") or "verified",
        with_bank=request.form.get("bank") != "none",
    )
    errors: dict[str, str] = {}
    if request.form.get("action") not in ("complete", "leave"):
        errors["form"] = "Choose to submit or to leave."
    if answers.identity not in onboarding.IDENTITIES:
        errors["identity"] = "Choose one of: " + ", ".join(onboarding.IDENTITIES) + "."
    if request.form.get("bank", "none") not in ("", "none"):
        errors["form"] = "bank is none, or not given."
    return Attempt(answers=answers, errors=errors)


def completed(scope: Scope, link: Record, attempt: Attempt) -> Attempt:
    """Take what was given; a bank number that is none of Stripe's test numbers stands beside its field."""
    try:
        with scope.undone_if_raised():
            onboarding.complete(scope.at(scope.now, link.account), link.hidden["account"], attempt.answers)
    except Refused as refused:
        return Attempt(answers=attempt.answers, errors={"account_number": refused.fields["message"]})
    return attempt


def page(scope: Scope, link: Record, attempt: Attempt) -> tuple[str, int]:
    """Render the form with what is due."""
    account = scope.at(scope.now, link.account).get("account", link.hidden["account"]).body
    allow_redirects_to(link.hidden["return_url"], link.hidden["refresh_url"])
    body = render_template(
        "onboarding.html",
        account=account,
        answers=attempt.answers,
        errors=attempt.errors,
        failures=bank_accounts.FAILURES,
        identities=onboarding.IDENTITIES,
        secret=link.body["id"],
    )
    return body, 422 if attempt.errors else 200
