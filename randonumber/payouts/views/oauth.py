"""Connecting a Standard account: to Stripe's consent page and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app, flash, redirect, request
from flask_login import current_user

from randonumber import access
from randonumber.access import fresh, person
from randonumber.database import transaction
from randonumber.payouts import account_wording
from randonumber.payouts.blueprint import blueprint
from randonumber.payouts.service import accounts, oauth
from randonumber.payouts.service.oauth import Browser
from randonumber.payouts.views.accounts import PAGE

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

LOOKING_AHEAD: Final = ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")
"""Headers by which browsers say that they only fetch a page in case somebody wants it."""


@blueprint.get("/payouts/oauth/start")
@fresh
def start_oauth() -> ResponseReturnValue:
    """Lead to Stripe's consent page, with a state that only this browser can come back with."""
    if _is_only_looking():
        return "", 204
    with transaction() as session:
        has_one = accounts.current(session, person().user_id) is not None
    if has_one:
        flash(account_wording.OAUTH["has_another"][1], "danger")
        return redirect(PAGE, 303)
    if not current_app.extensions["config"].stripe_connect_client_id:
        flash("Connecting an account of your own is not set up here. Choose one of the other ways.", "warning")
        return redirect(PAGE, 303)
    return redirect(oauth.begin(person(), access.session_hash()), 303)


@blueprint.get("/payouts/oauth/callback")
def finish_oauth() -> ResponseReturnValue:
    """Take Stripe's answer, and lead to an address without it.

    A GET that changes something, since OAuth has it so: the state is its proof, good once. Who only looks ahead does
    not use it up, and who is not signed in any more cannot.
    """
    if _is_only_looking():
        return "", 204
    if not current_user.is_authenticated:
        return redirect(f"/login?next={PAGE}", 303)  # without the code, which must stand in no further address
    browser = Browser(user_id=person().user_id, session_hash=access.session_hash())
    outcome = oauth.complete(browser, request.args)
    category, words = account_wording.OAUTH[outcome]
    flash(words, category)
    return redirect(PAGE, 303)


def _is_only_looking() -> bool:
    """Whether this is a HEAD, or a browser that fetches ahead of its reader."""
    said = " ".join(request.headers.get(name, "") for name in LOOKING_AHEAD).lower()
    return request.method == "HEAD" or "prefetch" in said or "prerender" in said or "preview" in said
