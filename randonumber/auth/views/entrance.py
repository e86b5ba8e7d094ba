"""In and out: sign-in, sign-out, and giving the password again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from flask import Blueprint, redirect, render_template, request
from flask_security import current_user

from randonumber import paths
from randonumber.access import signed_in
from randonumber.auth import access, browser
from randonumber.auth.forms import SignInForm, VerifyForm, typed
from randonumber.auth.service import sign_in

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

log = logging.getLogger(__name__)
public = Blueprint("auth", __name__)
BLUEPRINTS: Final = (public,)
_WRONG: Final = "Address and password do not go together."


@public.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Show the sign-in, or sign in. Every refusal reads the same."""
    form = SignInForm()
    leads_to = paths.own(form.next.data or request.args.get("next"))
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(leads_to, 303)
        form.next.data = "" if leads_to == paths.HOME else leads_to
        return render_template("security/login.html", form=form)
    user = sign_in.authenticate(typed(form.email), typed(form.password)) if form.validate() else None
    if user is None:
        if not form.errors:
            form.form_errors = [_WRONG]
        return render_template("security/login.html", form=form), 422
    browser.enter(user)
    log.info("signed_in", extra={"user": user.ref})
    return redirect(leads_to, 303)


@public.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out; whoever is not signed in just goes home."""
    if current_user.is_authenticated:
        log.info("signed_out", extra={"user": current_user.ref})
    browser.leave()
    return redirect(paths.HOME, 303)


@public.route("/verify", methods=["GET", "POST"])
@signed_in
def verify() -> ResponseReturnValue:
    """Ask for the password again before something that needs a fresh sign-in."""
    form = VerifyForm()
    leads_to = paths.own(form.next.data or request.args.get("next") or "/account")
    if request.method == "GET":
        form.next.data = leads_to
        return render_template("security/verify.html", form=form)
    if form.validate():
        if sign_in.verify(access.user(), typed(form.password), browser.session_id()):
            return redirect(leads_to, 303)
        form.password.errors = ["This is not your password."]
    return render_template("security/verify.html", form=form), 422
