"""A new password: by a link from a mail, and by the present one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, make_response, redirect, render_template, request

from randonumber.access import signed_in
from randonumber.auth import access, browser
from randonumber.auth.forms import AddressForm, ChangeForm, ResetForm, typed
from randonumber.auth.service import recovery

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

log = logging.getLogger(__name__)
public = Blueprint("recovery", __name__)
BLUEPRINTS: Final = (public,)


@public.route("/reset", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Ask for a recovery link. The answer is the same whether or not the address has an account."""
    form = AddressForm()
    if request.method == "GET":
        return render_template("security/forgot.html", form=form, sent="sent" in request.args)
    if not form.validate():
        return render_template("security/forgot.html", form=form, sent=False), 422
    recovery.ask(typed(form.email))
    return redirect("/reset?sent=1", 303)


@public.get("/reset/<token>")
def choose(token: str) -> ResponseReturnValue:
    """Show the form for a new password, while the link works."""
    if not recovery.works(token):
        return _dead()
    return _private(render_template("security/reset.html", form=ResetForm(), token=token))


@public.post("/reset/<token>")
def reset(token: str) -> ResponseReturnValue:
    """Set the new password. Every session of the account ends, this browser's too."""
    form = ResetForm()
    if not form.validate():
        if not recovery.works(token):
            return _dead()
        return _private(render_template("security/reset.html", form=form, token=token), 422)
    user = recovery.reset(token, typed(form.password))
    if user is None:
        return _dead()
    log.info("password_reset", extra={"user": user.ref})
    flash("Your new password is set. Please sign in with it.", "success")
    return redirect("/login", 303)


@public.route("/change", methods=["GET", "POST"])
@signed_in
def change() -> ResponseReturnValue:
    """Change the password; this browser stays signed in, every other is signed out."""
    form = ChangeForm()
    if request.method == "GET":
        return render_template("security/change.html", form=form)
    if form.validate():
        user = recovery.change(access.user(), typed(form.password), typed(form.new_password))
        if user is not None:
            browser.enter(user)
            log.info("password_changed", extra={"user": user.ref})
            flash("Your password is changed. Every other browser is signed out.", "success")
            return redirect("/account#security", 303)
        form.password.errors = ["This is not your present password."]
    return render_template("security/change.html", form=form), 422


def _dead() -> ResponseReturnValue:
    return _private(render_template("security/dead_link.html", purpose="reset"), 400)


def _private(page: str, status: int = 200) -> Response:
    """Return a page whose address, which holds the token, is told to nobody."""
    response = make_response(page, status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
